"""docs/algorithms.md: its tables are what the code says, and its example is run as the page shows."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import testbed
from testbed.algorithms import create, find, names
from testbed.cli import app
from testbed.scenario.schema import Algorithm as Settings
from tests.session.scenarios import small

PAGE = (Path(__file__).parents[2] / "docs/algorithms.md").read_text("utf-8")
PARAMETERS = 7850


def table(first: str) -> dict[str, list[str]]:
    """Cells by name, of the table whose head begins so."""
    body = PAGE.split(f"\n| name | {first} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("|").split("|") for line in body.splitlines()[2:]]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("name", names())
def test_every_algorithm_is_on_the_page_as_it_is(name: str) -> None:
    kind, [title, _, modes], [_, sent, _, exact, asks] = find(name), table("title")[name], table("sends")[name]
    assert title == kind.title
    assert re.findall("`(.*?)`", modes) == list(kind.modes)
    algorithm = create(Settings(name=name), {"decision": slice(0, PARAMETERS)}, 20, 1)
    assert int(sent.replace(",", "")) == algorithm.message_bytes(PARAMETERS)[0] * algorithm.exchanges
    assert (exact == "yes") is kind.exact
    wanted = {"two-way": kind.symmetric, "connected": kind.connected, "fixed": kind.fixed}
    for word, demand in wanted.items():
        assert (word in asks) is (demand != "no"), word
        assert (f"**{word}**" in asks) is (demand == "error"), word


def test_nothing_else_is_on_the_page() -> None:
    assert sorted(table("title")) == sorted(table("sends")) == names()


def test_the_example_runs_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.py").write_text(example)
    monkeypatch.chdir(tmp_path)
    own = {"name": "mine.py", "options": {"a": 0.3}}
    slow = testbed.run(small(run={"rounds": 3}, algorithm=own), tmp_path / "slow")
    full = testbed.run(small(run={"rounds": 3}, algorithm={**own, "options": {"a": 1.0}}), tmp_path / "full")
    atc = testbed.run(small(run={"rounds": 3}, algorithm={"name": "atc"}), tmp_path / "atc")
    assert np.allclose(full.rounds["consensus_distance"], atc.rounds["consensus_distance"], rtol=1e-5)
    assert (slow.rounds["consensus_distance"] > atc.rounds["consensus_distance"]).all()
    done = CliRunner().invoke(app, ["check", "--algorithm", "mine.py", "--rounds", "50"], catch_exceptions=False)
    assert "is least at 0.7" in done.stdout
