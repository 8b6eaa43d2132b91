"""What an algorithm is: what every device sends, and what it makes of what arrived."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from testbed.aggregation import metropolis, uniform
from testbed.algorithms.common.message import size_bytes
from testbed.exchange import ALL_NEIGHBOURS
from testbed.scenario.schema import Algorithm as Settings

State = dict[str, Tensor]
"""All that an algorithm keeps from one round to the next, a row per device in each tensor; may be empty."""

Demand = Literal["no", "warning", "error"]
"""Whether an algorithm asks something of the network: what is said before the first round where it is not so."""


@dataclass(frozen=True)
class Training:
    """A round's local training, a row per device."""

    models: Tensor
    """(devices, parameters): the devices' models before it."""
    updates: Tensor
    """(devices, parameters): what it takes off the point that it began at, as a rule the models: lr g for one step."""
    lr: Tensor
    """(devices, 1)"""
    round_: int = 0
    """The round of mode `barrier` that it belongs to."""
    losses: Tensor | None = None
    """(devices,) of the training; in `barrier` mode, when the messages have arrived."""
    seconds: Tensor | None = None
    """(devices,) simulated seconds from the first frame of a device's message until a neighbour had it, on average; NaN
    where none got it. Likewise."""
    samples: Sequence[Tensor] = ()
    """Of an algorithm that `measures`, in round 0: each device's losses (samples,) on all its training samples, at the
    models after the training."""

    @property
    def trained(self) -> Tensor:
        """models - updates: the models after it, where it began at the models (`Algorithm.point`)."""
        return self.models - self.updates

    @property
    def gradients(self) -> Tensor:
        """updates / lr: g for one plain step; of several steps, or with momentum, the sum of what they went along."""
        return self.updates / self.lr


class Algorithm(ABC):
    """One round of one paper, for all devices at once; pure, so that a round can be done again.

    A round: local training from `point` on; then, `exchanges` times, every device sends `message`, and `mix` makes
    new models and a new state from what arrived. An algorithm's file says: the formula and its source, what is sent,
    what is kept, whether links need be symmetric, and what it does when a message is lost.
    """

    title: ClassVar[str]
    """Its name as people write it."""
    modes: ClassVar[tuple[str, ...]] = ("barrier",)
    """The values of `run.mode` that it is defined for."""
    needs_air: ClassVar[bool] = True
    """Whether the devices exchange their messages over the network at all."""
    vectors: ClassVar[int] = 1
    """Vectors of the model's length in a message."""
    momentum: ClassVar[Literal["local", "own", "none"]] = "local"
    """What `algorithm.momentum` is: that of the local steps, of the algorithm's own formula, or nothing it knows."""
    default_momentum: ClassVar[float] = 0.0
    """Where the scenario says nothing."""
    restarts: ClassVar[bool] = False
    """Whether local momentum begins at zero in every round."""
    schedules: ClassVar[bool] = True
    """Whether the learning rate may change from round to round."""
    local_steps: ClassVar[bool] = True
    """Whether it is defined for several local steps a round."""
    exact: ClassVar[bool] = False
    """Whether it comes to the optimum of the sum of all losses, however unlike they are, with their full gradients and
    one learning rate for ever. `testbed check` holds it to that."""
    symmetric: ClassVar[Demand] = "warning"
    """Links that go both ways, and messages that are lost both ways or not at all."""
    connected: ClassVar[Demand] = "no"
    """A path between any two devices in every round."""
    fixed: ClassVar[Demand] = "no"
    """The same links in every round."""
    shardable: ClassVar[bool] = False
    """Whether it knows of `rows`, so that the devices of a run may be shared out among processes."""
    rows: slice = slice(None)
    """The devices whose rows `training` and `state` hold: all, but in a sharded run those of one shard. Messages and
    weights are those of all devices even then: `linear(messages, weights, self.rows)` mixes for the shard's own."""
    whole_rounds: ClassVar[bool] = False
    """Whether messages count only among devices that are here at the close of the round, too: where what one gives is
    what another takes."""

    def __init__(self, settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> None:
        """`parts`: name of a part of the model to its columns; together they are all columns, in order."""
        self.settings, self.parts, self.devices, self.seed = settings, parts, devices, seed

    @property
    def beta(self) -> float:
        """The momentum, as the scenario has it or by default."""
        return self.default_momentum if self.settings.momentum is None else self.settings.momentum

    @property
    def exchanges(self) -> int:
        """How many times in a round the devices exchange messages."""
        return 1

    @property
    def audience(self) -> int:
        """Whom messages are for, as `Outbox.dst` says it."""
        return ALL_NEIGHBOURS

    @property
    def measures(self) -> bool:
        """Whether round 0 has it know the losses of all training samples."""
        return False

    @property
    def notes(self) -> list[str]:
        """What is to be said once, before the first round."""
        return []

    @property
    def dynamic(self) -> bool:
        """Whether the bytes of a message depend on what is learnt: then `sent_bytes` says them, round by round."""
        return False

    def message_bytes(self, parameters: int) -> tuple[int | tuple[int, ...], ...]:
        """Bytes of one device's message, header and all, in the rounds in turn, a number for all devices or one for
        each; (0,) where none is sent. Where they are `dynamic`, what they are at most."""
        return (size_bytes(self.vectors * parameters if self.needs_air else 0),)

    def sent_bytes(self, training: Training, state: State) -> Tensor:
        """(devices,) int64: bytes of the messages of this round, where they are `dynamic`."""
        sent = self.vectors * training.models.shape[1] if self.needs_air else 0
        return torch.full((len(training.models),), size_bytes(sent), dtype=torch.int64)

    def first(self, models: Tensor) -> Tensor:
        """The models before the first round, of their common start (devices, parameters)."""
        return models

    def start(self, models: Tensor) -> State:
        """The state before the first round."""
        return {}

    def point(self, models: Tensor, state: State) -> Tensor:
        """(devices, parameters): where the local training begins."""
        return models

    def correction(self, state: State) -> Tensor | None:
        """(devices, parameters): what is added to the gradient in every local step; None for nothing."""
        return None

    def scale(self, state: State, round_: int) -> Tensor | None:
        """(devices, parameters): what each step of a round is multiplied with; where 0, nothing moves. None for 1."""
        return None

    def proximal(self, state: State, round_: int) -> float:
        """mu of the penalty mu / 2 |x - x0|^2 on the way from where a round's local training began."""
        return 0.0

    def penalty(self, state: State, round_: int) -> Callable[[Tensor], Tensor | None] | None:
        """What local steps add to the gradients at models (devices, parameters), as a function of these; None for
        nothing."""
        return None

    def fresh(self, state: State) -> Tensor | None:
        """(devices,) bool: whose momentum begins anew, as its parameters are others than before. None for nobody."""
        return None

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        """Mixing weights (devices, devices), float64: row i holds what device i gives to each message, 0 where none
        arrived, and a_ii to its own.

        neighbours, delivered: (devices, devices) bool, whether i hears j, and whether the message of j arrived at i.
        """
        return metropolis(neighbours, delivered)

    def without_air(self, here: Tensor) -> Tensor:
        """The same where it needs no air: equal weights among the devices that are `here` (devices,) bool."""
        return uniform(here)

    def message(self, training: Training, state: State) -> Tensor:
        """What each device sends (devices, values): its model as it was before the round."""
        return training.models

    @abstractmethod
    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        """New models and new state, from the messages that arrived.

        `weights` (devices, devices) are those of `weights`, or, without an air, equal ones for devices that take
        part. In the event-driven modes the rows, of all but the messages, are those of some devices alone, and theirs
        are the first messages: `weights` (devices, messages).
        """

    def report(self, state: State) -> dict[str, Tensor]:
        """Columns (devices,) for the table of devices."""
        return {}
