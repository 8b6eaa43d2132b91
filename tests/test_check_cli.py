"""`testbed check` as a user meets it."""

import json

import pytest
from typer.testing import CliRunner, Result

from testbed.cli import app
from testbed.errors import UserError
from testbed.session import verdicts


def check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments], catch_exceptions=False)


def test_the_table_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "names", lambda: ["allreduce", "local"])
    monkeypatch.setattr(verdicts, "FEW", 20)
    done = check()
    assert done.exit_code == 0
    assert "all-reduce" in done.stdout
    assert "all 2 do what they should" in done.stdout
    rows = json.loads(check("--json").stdout)
    assert [(row["name"], row["exact"], row["ok"]) for row in rows] == [
        ("allreduce", True, True),
        ("local", False, True),
    ]


def test_one_that_is_wrong_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "names", lambda: ["atc"])
    monkeypatch.setattr(verdicts, "FEW", 20)
    monkeypatch.setattr(verdicts, "MISSED", 5.0)
    done = check()
    assert done.exit_code == 1
    assert "not as expected: atc" in done.stdout
    assert check("--json").exit_code == 1


def test_divergence_is_null_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "names", lambda: ["atc"])
    monkeypatch.setattr(verdicts, "LR", 9.0)
    [row] = json.loads(check("--json").stdout)
    assert (row["distance"], row["ok"]) == (None, False)
    assert "diverged" in check().stdout


def test_the_iterates_of_one() -> None:
    options = ["--algorithm", "wpm", "--c", "1,2,3", "--b", "-1,1,.5", "--graph", "star", "--rounds", "3", "--json"]
    tree = json.loads(check(*options, "--set", "p=1", "--set", "variant=primal").stdout)
    assert (tree["algorithm"], tree["graph"], tree["lr"], tree["rounds"]) == ("wpm", "star", 0.05, 3)
    assert [len(own) for own in tree["x"]] == [3, 3, 3]
    assert tree["x"] == json.loads(check(*["atc" if word == "wpm" else word for word in options]).stdout)["x"]
    assert "is least at 0.7" in check("--algorithm", "atc", "--rounds", "2").stdout


def test_one_without_rounds_runs_in_its_own_mode() -> None:
    tree = json.loads(check("--algorithm", "adpsgd", "--rounds", "30", "--json").stdout)
    assert tree["mode"] == "async"
    assert [len(own) for own in tree["x"]] == [30] * 4
    assert all(0 < own[-1] < 1.2 for own in tree["x"])
    assert "periods, async" in check("--algorithm", "adpsgd", "--rounds", "2").stdout


def test_what_the_algorithm_has_to_say_is_said() -> None:
    options = ["--algorithm", "wpm", "--set", "p=2", "--rounds", "2"]
    assert "algorithm.p = 2 is no odd integer" in check(*options).stderr
    assert check(*options, "--json").stderr == ""


@pytest.mark.parametrize("option", ["--c", "--b", "--lr", "--rounds", "--graph", "--seed", "--set"])
def test_a_problem_is_for_one_algorithm(option: str) -> None:
    with pytest.raises(UserError, match=rf"^{option}: .*--algorithm"):
        check(option, "1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--c", "1,x"], "--c 1,x should be numbers"),
        (["--c", ""], "--c  should be numbers"),
        (["--rounds", "0"], "run.rounds = 0"),
        (["--lr", "nan"], "algorithm.lr = nan"),
        (["--lr", "9"], "diverged in round"),
        (["--set", "condition"], "has no value"),
        (["--set", "conditon=4"], "did you mean algorithm.condition"),
        (["--algorithm", "adom-plus"], "is not an algorithm"),
        (["--set", "name=dpsgd"], "--algorithm says"),
    ],
)
def test_bad_input_is_a_sentence(options: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check("--algorithm", "atc", *options)
