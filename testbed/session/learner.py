"""The learning side of a scenario, put together."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.algorithms import Algorithm, create
from testbed.algorithms.message import size_bytes
from testbed.errors import UserError
from testbed.learning.compute import compute_ns, profiles_of
from testbed.learning.data import shape_of
from testbed.learning.fleet import of_scenario
from testbed.learning.models import ModelSpec, build
from testbed.learning.partition import class_table
from testbed.scenario import Scenario


@dataclass(frozen=True)
class Workload:
    """What a scenario puts on the air, known before anything is trained."""

    compute_ns: NDArray[np.int64]
    """Training time of a round, per device."""
    compute_j: NDArray[np.float64]
    """Energy of it, per device."""
    message_bytes: int


class Learner:
    """Data dealt out, models, algorithm. Raises UserError for data that is missing or cannot be dealt out so."""

    def __init__(self, scenario: Scenario, data_dir: Path | None = None) -> None:
        self.fleet = of_scenario(scenario, str(data_dir) if data_dir else None)
        self.spec = self.fleet.spec
        self.algorithm = _algorithm(scenario, self.spec)
        self.workload = _workload(scenario, self.spec)
        self._scenario = scenario

    @property
    def description(self) -> str:
        """One line on what is trained, and how long a round of it takes the devices."""
        data, slowest = self._scenario.data, self.workload.compute_ns.max() / 1e6
        dealt = {"dirichlet": f"dirichlet({data.alpha:g})", "shards": f"{data.shards} shards each", "iid": "iid"}
        return (
            f"learning: {self._scenario.algorithm.name} on {data.name}, {dealt[data.partition]}; {self.spec.name} with "
            f"{self.spec.size:,} parameters; messages of {self.workload.message_bytes:,} bytes; "
            f"a round's training takes up to {slowest:.2f} ms"
        )

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """(devices, classes): training samples that each device holds."""
        labels = self.fleet.data.train_y.numpy()
        return class_table(labels, list(self.fleet.shards), self.fleet.data.classes)


def workload(scenario: Scenario) -> Workload:
    """The workload of a scenario whose data need not be here."""
    shape, classes = shape_of(scenario.data.name)
    return _workload(scenario, build(scenario.model.name, shape, classes, scenario.run.seed).spec)


def _workload(scenario: Scenario, spec: ModelSpec) -> Workload:
    settings, devices, deadline_s = scenario.algorithm, scenario.devices, min(scenario.run.deadlines_s())
    training_ns = compute_ns(devices.profile, devices.count, settings.batch_size * settings.local_steps, spec.flops)
    if scenario.run.mode == "barrier" and training_ns.max() >= deadline_s * 1e9:
        raise UserError(
            f"run.deadline_s = {deadline_s:g} should be above the {training_ns.max() / 1e9:.3g} s that the slowest "
            "device trains in a round (devices.profile, model.name, algorithm.batch_size, algorithm.local_steps)."
        )
    watts = np.array([profile.watts for profile in profiles_of(devices.profile, devices.count)])
    return Workload(
        training_ns, watts * training_ns / 1e9, size_bytes(_algorithm(scenario, spec).message_values(spec.size))
    )


def _algorithm(scenario: Scenario, spec: ModelSpec) -> Algorithm:
    """The algorithm sees the parts that the model has: logistic regression is all decision."""
    parts: dict[str, slice] = {name: columns for name, columns in spec.parts.items() if columns.stop > columns.start}
    return create(scenario.algorithm, parts, scenario.devices.count, scenario.run.seed)
