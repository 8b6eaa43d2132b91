"""The tables as text, and what is said of the paper's sentences."""

import csv
import io

import pytest

from testbed.report.spread import Spread
from testbed.report.text import markdown, spread_text
from testbed.reproduction.hyperprism.claims import CLAIMS, highest, worse_with_skew
from testbed.reproduction.hyperprism.ground import Ground, verdict
from testbed.reproduction.hyperprism.tables import accuracy_table, as_csv, cost_table, is_empty
from testbed.results.curve import Curve
from tests.reproduction.hyperprism.made import PLAN, TASK, curve, results

NAN = float("nan")
FOUND: dict[str, list[Curve]] = {
    "dpsgd": [curve(0.2, 0.4), curve(0.2, 0.6)],
    "hyperprism": [curve(0.5, 0.5), curve(0.1, 0.5, diverged=True)],
}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), ""),
        ((NAN, NAN), "-"),
        ((2.0,), "2.0"),
        ((2.0, 4.0), "3.0 ± 1.4"),
        ((2.0, NAN), "2.0 (1 of 2)"),
        ((2.0, 4.0, NAN), "3.0 ± 1.4 (2 of 3)"),
    ],
)
def test_spreads(values: tuple[float, ...], text: str) -> None:
    assert spread_text(Spread(values), 1) == text


def test_accuracies_and_rounds_of_a_table() -> None:
    head, _, dpsgd, hyperprism, gain = accuracy_table(results(FOUND), 2, TASK, "graph", "paper").splitlines()
    assert head.startswith("| method | alpha 0.1: Max Acc | alpha 0.1: Conv. Rds | alpha 0.1: own target | alpha 1: ")
    assert dpsgd.startswith("| D-PSGD | 50.0 ± 14.1 | 2.0 ± 0.0 | 2.0 ± 0.0 |  |")
    assert hyperprism.startswith("| HyperPrism | 50.0 ± 0.0 †1 | 1.0 (1 of 2) | 1.5 ± 0.7 |  |")
    assert gain.startswith("| gain of HyperPrism | +0.00 % |  |  |  |")


def test_costs_of_a_table() -> None:
    row = cost_table(results(FOUND), 2, TASK, "graph", "paper").splitlines()[2]
    assert row.startswith("| D-PSGD | 2.0 ± 0.0 | 2.0 ± 0.0 | 4.0 ± 0.0 |  |")


def test_the_csv_holds_every_method_in_every_setting() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(results(FOUND), 2))))
    assert len(rows) == 3 * 2 * 2 * 2
    (row,) = [
        row
        for row in rows
        if (row["air"], row["lr_column"], row["alpha"], row["method"]) == ("graph", "paper", "0.1", "dpsgd")
    ]
    assert (row["seeds"], row["lr"], row["max_acc_mean"], row["rounds_reached"]) == ("2", "0.01", "0.5", "2")


def test_what_was_not_run_is_empty() -> None:
    assert is_empty(results({}), 2, TASK, "graph", "paper")
    assert not is_empty(results(FOUND), 2, TASK, "graph", "paper")
    assert is_empty(results(FOUND), 2, TASK, "ns3", "paper")


def test_markdown() -> None:
    assert markdown([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "cannot be told yet"),
        ([None, None], "cannot be told yet"),
        ([True, True], "agrees: 2 of 2 settings"),
        ([True, False], "agrees in part: 1 of 2 settings"),
        ([False, None], "does not agree: 0 of 1 settings; 1 open"),
    ],
)
def test_verdicts(found: list[bool | None], words: str) -> None:
    assert verdict(found, "settings") == words


def test_claims_against_cells() -> None:
    ground = Ground(results({"dpsgd": [curve(0.4)], "hyperprism": [curve(0.5)]}), TASK, "graph", "paper")
    assert highest(ground) == "agrees: 1 of 1 settings; 2 open (+25.0 to +25.0 %)"
    assert worse_with_skew(ground) == "cannot be told yet"


def test_every_claim_is_judged_with_nothing_there() -> None:
    ground = Ground(results({}, PLAN), TASK, "ns3", "tuned")
    assert {claim.judge(ground) for claim in CLAIMS} == {"cannot be told yet"}
