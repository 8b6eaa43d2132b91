"""What the session's tests share: a small scenario, the bytes of a run, and a way to stop one."""

from pathlib import Path
from typing import Any

from testbed.scenario import Scenario, parse
from testbed.session.barrier import Outcome
from testbed.session.observer import Observer
from testbed.session.stopwatch import Stopwatch


def small(**sections: dict[str, Any]) -> Scenario:
    """8 devices, 6 rounds, random graphs; sections override keys."""
    tree: dict[str, dict[str, Any]] = {
        "run": {"rounds": 6, "seed": 3},
        "devices": {"count": 8, "profile": ["raspberry-pi-4", "laptop"]},
        "network": {"kind": "graph", "density": 0.5},
        "algorithm": {"name": "dpsgd", "batch_size": 16, "lr": 0.1},
        "output": {"eval_samples": 100},
    }
    for section, keys in sections.items():
        tree.setdefault(section, {}).update(keys)
    return parse(tree)


def tables(folder: Path) -> dict[str, bytes]:
    """All that has to be the same bytes whenever the same scenario is run."""
    names = ("rounds.parquet", "devices.parquet", "events.parquet")
    files = [folder / name for name in names if (folder / name).is_file()] + sorted((folder / "trace").iterdir())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


class Interrupt(Observer):
    """Raises an error after a round."""

    def __init__(self, round_: int, error: BaseException) -> None:
        self.round_, self.error = round_, error

    def trained(self, outcome: Outcome, watch: Stopwatch, events: int) -> None:
        if outcome.round_ == self.round_:
            raise self.error
