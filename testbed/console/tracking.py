"""A run as it is watched: progress in the terminal, and the trackers that were asked for."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed import trackers
from testbed.console.progress import Progress
from testbed.scenario import Scenario
from testbed.session.observer import Observer, Observers

LOOK = {"tensorboard": "tensorboard --logdir {}", "mlflow": "mlflow ui --backend-store-uri sqlite:///{}"}


@contextmanager
def watching(scenario: Scenario, folder: Path, names: Iterable[str]) -> Iterator[Observer]:
    """The observer of a session. Raises UserError for a tracker that is not there, before anything begins."""
    chosen = trackers.check(names)
    with Progress(scenario) as progress, trackers.Tracking(folder, chosen, progress) as tracking:
        yield Observers(progress, tracking)


def track(folder: Path, names: Iterable[str]) -> None:
    """Send finished or unfinished runs to trackers, and say how to look at them."""
    chosen = trackers.check(names)
    runs = trackers.track(folder, chosen)
    print(f"{len(runs)} run{'s' * (len(runs) > 1)} sent to {', '.join(chosen)}")
    places = {"tensorboard": folder, "mlflow": trackers.store_of(runs[0]) / "mlflow.db"}
    for name in chosen:
        print(f"next: {LOOK[name].format(places[name])}")
