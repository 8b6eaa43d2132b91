"""Figures of what the theory speaks of, and of HyperPrism's powers."""

from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.report import plot_powers, plot_theory
from testbed.results import RunWriter
from testbed.results.directory import DEVICES, ROUNDS
from testbed.scenario import dumps, parse
from testbed.trace import Header, TraceWriter

COUNT = 3


def run(folder: Path, parts: tuple[str, ...] = (), rounds: int = 2, distance: float = 0.5, **algorithm: object) -> Path:
    """A run directory of COUNT devices, whose powers are 1 in the first round, 2 in the second."""
    folder.mkdir()
    (folder / "scenario.toml").write_text(dumps(parse({"algorithm": algorithm})))
    TraceWriter(folder / "trace", Header(nodes=COUNT, seed=1, network={}, scenario="0")).close()
    columns = [f"p_{part}" for part in parts]
    writer = RunWriter(folder, {"wall_s": 0.0}, columns)
    for round_ in range(rounds):
        row = dict.fromkeys(ROUNDS.names, 0.1) | {"consensus_distance": distance}
        whole = {"round": round_} | dict.fromkeys(("opened_ns", "closed_ns", "links", "delivered", "lost"), 0)
        whole |= dict.fromkeys(("bytes", "frames", "airtime_ns"), 0)
        writer.append("rounds", {name: [value] for name, value in (row | whole).items()})
        devices = {name: np.zeros(COUNT, int) for name, _ in DEVICES} | {"device": np.arange(COUNT)}
        writer.append("devices", devices | {name: np.full(COUNT, round_ + 1.0) for name in columns})
    writer.stop("test")
    return folder


@pytest.mark.parametrize("distance", [0.5, 0.0])
def test_theory_is_drawn_the_same_every_time(tmp_path: Path, distance: float) -> None:
    folders = [run(tmp_path / name, distance=distance, name=name) for name in ("dpsgd", "atc")]
    told = [plot_theory(folders, tmp_path / f"{number}.svg") for number in range(2)]
    assert told[0].endswith("2 runs in 2 series.")
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()


def test_powers_of_every_part(tmp_path: Path) -> None:
    both = run(tmp_path / "both", ("representation", "decision"))
    one = run(tmp_path / "one", ("decision",), rounds=1)
    assert plot_powers([both, one], tmp_path / "p.svg").endswith("p of representation, decision in 2 runs.")
    assert plot_powers([one, one], tmp_path / "p.pdf").endswith("p of decision in 1 run.")


def test_a_run_without_powers(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only HyperPrism"):
        plot_powers([run(tmp_path / "a")], tmp_path / "p.png")
    with pytest.raises(UserError, match="at least one"):
        plot_theory([], tmp_path / "t.png")
