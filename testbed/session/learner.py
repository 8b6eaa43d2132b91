"""The learning side of a scenario, put together."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from testbed.algorithms import Algorithm, create
from testbed.devices import Pace
from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS
from testbed.learning.compute import ADAPTERS, WHOLE, compute_ns, profiles_of
from testbed.learning.data import shape_of
from testbed.learning.fleet import of_scenario
from testbed.learning.local import LocalTraining
from testbed.learning.models import ModelSpec
from testbed.learning.partition import class_table
from testbed.lora.clients import Clients
from testbed.lora.learnt import WithAdapters
from testbed.scenario import Scenario
from testbed.session.adapters import learnt_of, over_adapters


@dataclass(frozen=True)
class Workload:
    """What a scenario puts on the air, known before anything is trained."""

    pace: Pace
    watts: NDArray[np.float64]
    """(devices,) power while training."""
    message_bytes: NDArray[np.int64]
    """(rounds, devices) of a device's message, in the rounds in turn: round r has row r modulo their number; 0 where
    none is sent. Where `dynamic`, what they may be at most."""
    dynamic: bool = False
    """Whether the sizes of messages depend on what is learnt."""
    exchanges: int = 1
    """How many times a round the devices exchange messages, one exchange after the other."""
    audience: int = ALL_NEIGHBOURS
    """`Outbox.dst` of the messages."""

    def size_bytes(self, round_: int) -> NDArray[np.int64]:
        """(devices,) of the messages of that round."""
        sizes: NDArray[np.int64] = self.message_bytes[round_ % len(self.message_bytes)]
        return sizes

    def compute_ns(self, round_: int) -> NDArray[np.int64]:
        """(devices,) how long each trains in its local round `round_`; in `barrier` mode the round of all."""
        return self.pace.round_ns(round_)

    def device_ns(self, device: int, round_: int) -> int:
        """How long one device trains in its own local round `round_`."""
        return self.pace.device_ns(device, round_)


class Learning(Protocol):
    """What a session needs to train, whatever is learnt."""

    @property
    def fleet(self) -> LocalTraining: ...

    @property
    def algorithm(self) -> Algorithm: ...

    @property
    def workload(self) -> Workload: ...


class Learner:
    """Data dealt out, models, algorithm. Raises UserError for data that is missing or cannot be dealt out so."""

    def __init__(self, scenario: Scenario, data_dir: Path | None = None) -> None:
        learnt = learnt_of(scenario)
        self._scenario, self.spec = scenario, learnt.spec
        algorithm = algorithm_of(scenario, self.spec)
        self._learnt, self._alone = learnt, algorithm
        self.fleet = of_scenario(scenario, str(data_dir) if data_dir else None, momentum_of(algorithm), learnt)
        self.algorithm = over_adapters(scenario, algorithm, learnt, torch.from_numpy(self.class_counts))
        self.workload = workload_of(scenario, self.spec, self.algorithm)

    @property
    def description(self) -> str:
        """One line on what is trained, and how long a round of it takes the devices."""
        data, slowest = self._scenario.data, self.workload.pace.median_ns.max() / 1e6
        dealt = {
            "dirichlet": f"dirichlet({data.alpha:g})",
            "shards": f"{data.shards} shards each",
            "iid": "iid",
            "double-imbalanced": f"1 to {data.labels} labels each, sizes dirichlet({data.beta:g})",
        }
        return (
            f"learning: {self.algorithm.title} on {data.name}, {dealt[data.partition]}; {self._trained()}; "
            f"messages of {self._bytes()} bytes{self._against()}; "
            f"a round's training takes up to {slowest:.2f} ms{self._unusual()}"
        )

    def _bytes(self) -> str:
        """Of messages, in the largest round."""
        sizes = self.workload.message_bytes.max(0)
        span = f"{sizes.min():,} to {sizes.max():,}" if sizes.min() < sizes.max() else f"{sizes.max():,}"
        return f"at most {span}" if self.workload.dynamic else span

    def _trained(self) -> str:
        """The model, and what of it, or beside it, is trained."""
        if not isinstance(self._learnt, WithAdapters) or not isinstance(self.algorithm, Clients):
            return f"{self.spec.name} with {self.spec.size:,} parameters"
        layout, (low, high) = self._learnt.model.layout, self.algorithm.ranks
        layers = "1 layer" if len(layout.sites) == 1 else f"{len(layout.sites)} layers"
        heads = dict.fromkeys(parameter.name.rpartition(".")[0] for parameter in layout.whole)
        whole = f" and layer {', '.join(heads)} as a whole" * bool(heads)
        rank = f"rank {low}" if low == high else f"ranks {low} to {high}"
        return (
            f"{self.spec.name} with {self._learnt.model.full_size:,} parameters, frozen; {self.spec.size:,} are "
            f"trained, adapters of {rank} beside {layers}{whole}"
        )

    def _against(self) -> str:
        """What messages of all of a model with adapters would be."""
        if not isinstance(self._learnt, WithAdapters):
            return ""
        full = np.max(self._alone.message_bytes(self._learnt.model.full_size))
        return f", of the full model {full:,}" * bool(full)

    def _unusual(self) -> str:
        """What there is to say of devices that are slow."""
        pace, deadlines_ns = self.workload.pace, deadlines(self._scenario)
        slow, late = int(pace.stragglers.sum()), int((pace.median_ns >= deadlines_ns).sum())
        words = [f"{slow} stragglers"] * bool(slow) + [f"{late} devices too slow for run.deadline_s"] * bool(late)
        return f" ({', '.join(words)})" if words else ""

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """(devices, classes): training samples that each device holds."""
        labels = self.fleet.data.train_y.numpy()
        return class_table(labels, list(self.fleet.shards), self.fleet.data.classes)


def workload(scenario: Scenario) -> Workload:
    """The workload of a scenario whose data need not be here."""
    learnt = learnt_of(scenario)
    classes = shape_of(scenario.data.name, scenario.data.length)[1]
    unknown = torch.zeros(scenario.devices.count, classes, dtype=torch.int64)
    algorithm = over_adapters(scenario, algorithm_of(scenario, learnt.spec), learnt, unknown)
    return workload_of(scenario, learnt.spec, algorithm)


def deadlines(scenario: Scenario) -> NDArray[np.float64]:
    """(devices,) nanoseconds in which each has to be trained; only in `barrier` mode is anything sent too late."""
    deadline_s = scenario.run.deadlines_s()[0] if scenario.run.mode == "barrier" else np.inf
    return np.full(scenario.devices.count, deadline_s * 1e9)


def workload_of(scenario: Scenario, spec: ModelSpec, algorithm: Algorithm) -> Workload:
    """What it puts on the air to train such models. Raises UserError for a deadline before anybody is trained."""
    settings, devices = scenario.algorithm, scenario.devices
    samples, passes = settings.batch_size * settings.local_steps, WHOLE if scenario.lora is None else ADAPTERS
    pace = Pace(compute_ns(devices.profile, devices.count, samples, spec.flops, passes), devices, scenario.run.seed)
    if (pace.shortest_ns >= deadlines(scenario)).all():
        raise UserError(
            f"run.deadline_s = {max(scenario.run.deadlines_s()):g} should be above the "
            f"{pace.shortest_ns.min() / 1e9:.3g} s that the fastest device trains in a round (devices.profile, "
            "model.name, algorithm.batch_size, algorithm.local_steps)."
        )
    watts = np.array([profile.watts for profile in profiles_of(devices.profile, devices.count)])
    rounds = algorithm.message_bytes(spec.size)
    sizes = np.array([np.broadcast_to(each, devices.count) for each in rounds], np.int64)
    return Workload(pace, watts, sizes, algorithm.dynamic, algorithm.exchanges, algorithm.audience)


def momentum_of(algorithm: Algorithm) -> float:
    """That of the local steps."""
    return algorithm.beta if algorithm.momentum == "local" else 0.0


def _defines(kind: type[Algorithm], name: str) -> bool:
    """Whether it has a `name` of its own."""
    return getattr(kind, name) is not getattr(Algorithm, name)


def algorithm_of(scenario: Scenario, spec: ModelSpec) -> Algorithm:
    """It sees the parts that the model has: logistic regression is all decision. Raises UserError for a mode that it is
    not defined for."""
    parts: dict[str, slice] = {name: columns for name, columns in spec.parts.items() if columns.stop > columns.start}
    algorithm, mode = create(scenario.algorithm, parts, scenario.devices.count, scenario.run.seed), scenario.run.mode
    if mode not in algorithm.modes:
        raise UserError(
            f'algorithm.name = "{scenario.algorithm.name}" is not defined for run.mode = "{mode}": take another '
            f"algorithm, or mode {' or '.join(map(repr, algorithm.modes))}."
        )
    own = [name for name in ("point", "correction", "exchanges") if _defines(type(algorithm), name)]
    if mode != "barrier" and own:
        raise UserError(
            f'algorithm.name = "{scenario.algorithm.name}" defines {" and ".join(own)}, which only run.mode = '
            f'"barrier" knows: set that, or take "{mode}" out of its modes.'
        )
    return algorithm
