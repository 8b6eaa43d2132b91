"""One run whose devices are shared out among processes: the same numbers as in one process, bit for bit."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from testbed.scenario import Scenario
from testbed.session.air import Carrier
from testbed.session.learner import Learner
from testbed.session.observer import Observer
from testbed.session.shards.actors import Actors
from testbed.session.shards.cluster import Ray, connected, engine
from testbed.session.shards.crew import Lost
from testbed.session.shards.lead import Lead
from testbed.session.shards.refusal import refuse

__all__ = ["Lead", "Lost", "Ray", "engine", "refuse", "sharded"]


@contextmanager
def sharded(
    engine: Ray, scenario: Scenario, learner: Learner, carrier: Carrier, data_dir: Path | None, observer: Observer
) -> Iterator[Lead]:
    """Whoever steps a run from round to round on that engine. Raises UserError for what cannot be had."""
    room = 4 * scenario.devices.count * learner.spec.size
    with connected(engine, room) as ray, closing(Actors(ray, engine, scenario, data_dir, observer)) as crew:
        sizes = [rows.stop - rows.start for rows in crew.shards]
        observer.noted(f"engine: ray, {len(sizes)} shards of {min(sizes)} to {max(sizes)} devices")
        yield Lead(scenario, learner.algorithm, carrier, crew, observer)
