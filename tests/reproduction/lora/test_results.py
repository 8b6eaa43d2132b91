"""Measures and savings, on curves made by hand."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from testbed.reproduction.lora.headlines import headlines
from testbed.reproduction.lora.page import write
from testbed.reproduction.lora.plan import Plan
from testbed.reproduction.lora.results import saved, saved_numbers
from testbed.reproduction.lora.tables import as_csv, bytes_table, result_table, savings_table, target_table
from testbed.reproduction.lora.tasks import CNN, MLP, TEXT
from testbed.results.curve import Curve
from tests.reproduction.lora.made import PLACE, PLAN, TASK, curve, results

FULL, FOUR = 407_108, 28 + 4 * (4 * 912 + 1_290)
"""Bytes of a message: all of the model; rank 4 on its one layer, and its head."""
FOUND: dict[str, list[Curve]] = {
    "whole": [curve(0.2, 0.8, message=FULL), curve(0.5, 0.5, message=FULL)],
    "fedit": [
        curve(0.3, 0.75, 0.7, message=FOUR, rank=np.full(3, 4.0), energy_above=np.array([0.5, 0.4, 0.3])),
        curve(0.1, 0.2, 0.4, message=FOUR, rank=np.full(3, 4.0), energy_above=np.array([0.5, 0.4, 0.1])),
    ],
    "a2": [curve(diverged=True)],
}


def test_measures_are_of_all_rounds_and_of_the_first_that_reaches_the_target() -> None:
    found = results(FOUND).measures(PLACE, "fedit")
    assert found.best.values == (0.75, 0.4)
    assert found.last.values == (0.7, 0.4)
    assert found.megabytes.mean == pytest.approx(3 * 4 * FOUR / 1e6)
    assert found.air_megabytes.mean == 9.0  # 3 s at 24 Mb/s
    assert (found.seconds.mean, found.joules.mean) == (3.0, 6.0)
    assert found.rounds_to.values == pytest.approx((2.0, float("nan")), nan_ok=True)  # .72 of seed 1, .45 of seed 2
    assert found.megabytes_to.mean == pytest.approx(2 * 4 * FOUR / 1e6)
    assert found.rank.mean == 4.0
    assert found.energy_above.mean == pytest.approx(0.2)


def test_saved_is_against_full_fine_tuning_of_as_many_rounds() -> None:
    assert FOUR == 19_780
    made = FOUND["fedit"][0]
    assert saved(TASK, made) == pytest.approx(1 - 19_780 / 407_108)
    assert saved(TASK, FOUND["whole"][0]) == pytest.approx(0.0)
    adapters = curve(0.1, message=FOUR + 4)  # with the fields that say which components there are
    assert saved_numbers(TASK, adapters) == pytest.approx(1 - 4 * 912 / 101_770)
    assert saved_numbers(TASK, curve(0.1, message=0)) == 1.0


def test_a_run_that_diverged_at_once_has_no_costs() -> None:
    found = results(FOUND).measures(PLACE, "a2")
    assert (found.diverged, found.seeds, found.best.mean) == (1, 1, 0.0)
    assert found.megabytes.values == ()


def test_without_full_fine_tuning_there_is_no_target() -> None:
    found = results({"fedit": FOUND["fedit"]}).measures(PLACE, "fedit")
    assert found.rounds_to.values == ()
    assert found.saved.reached == 2


def test_rows_of_the_tables() -> None:
    made = results(FOUND)
    rows = result_table(made, PLACE).splitlines()
    assert rows[2].startswith("| full fine-tuning |  | 65.0 ± 21.2 | 65.0 ± 21.2 | 3.3 ± 0.0 |")
    fedit = "| FedIT | one rank | 57.5 ± 24.7 | 55.0 ± 21.2 | 0.237 ± 0.000 | 9.0 ± 0.0 | 3.0 ± 0.0 | 6.0 ± 0.0 |"
    assert rows[3].startswith(fedit)
    assert rows[3].endswith("| 4.00 ± 0.00 | 0.200 ± 0.141 |")
    assert rows[4].startswith("| LoRA-A2, both factors | policy | 0.0 †1 | 0.0 |")
    assert (
        target_table(made, PLACE).splitlines()[3]
        == "| FedIT | one rank | 2.0 (1 of 2) | 0.158 (1 of 2) | 2.0 (1 of 2) | 4.0 (1 of 2) |"
    )
    assert "| FedIT | one rank |  |  |  | 95.14 % | 96.42 % | 88.5 % |" in savings_table(made, TASK)


def test_the_csv_holds_every_method_in_every_place() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(results(FOUND)))))
    assert len(rows) == (2 + 3) + (2 + 2)
    (row,) = [row for row in rows if (row["method"], row["budget"]) == ("fedit", "4")]
    assert (row["finished"], row["budget_bytes"], row["merge"], row["rounds_to_seeds"]) == ("2", "14592", "fedit", "1")


def test_the_papers_headlines_are_their_own_arithmetic() -> None:
    text = headlines(results({}))
    assert "| LoRA-A2, RoBERTa-base | 1 | 99.85 % | 99.93 % | 99.87 % |" in text
    assert "93.62 %" in text
    assert "99.8 %" in text


def test_bytes_by_arithmetic() -> None:
    text = bytes_table([MLP, CNN, TEXT])
    assert "| mnist-mlp | 101,770 | 407,108 | 1,290 | 1 | 3,648 | 99.10 % |" in text
    assert "| reuters-r8-minilm | 22,568,456 | 90,273,852 | 3,080 | 4 | 147,456 | 99.84 % |" in text


def test_the_page_with_nothing_there(tmp_path: Path) -> None:
    page = write(results({}, Plan((MLP, TEXT))), tmp_path).read_text()
    assert page.count("Nothing of it has been run.") == 2
    assert "Full fine-tuning would send 54,164.3 MB" in page


def test_the_page_and_its_files(tmp_path: Path) -> None:
    plan = replace(PLAN, tasks=(replace(TASK, alphas=(0.1, 0.01)),))
    place = replace(PLACE, task=plan.tasks[0])
    page = write(results(FOUND, plan, place), tmp_path).read_text()
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {
        *("README.md", "savings.md", "results.csv", "mnist5k-mlp.md"),
        *("mnist5k-mlp-budgets.png", "mnist5k-mlp-a0.1-r4.png"),
    }
    assert all(f"]({name})" in page for name in names if name.endswith(".png"))
    assert "mnist5k-mlp: 5 of 24 cells." in page
    assert "Not run here: all parameters, nothing sent, RBLA (given ranks)." in page
