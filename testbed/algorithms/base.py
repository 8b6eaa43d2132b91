"""What an algorithm is: what every device sends, and what it makes of what arrived."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from testbed.scenario.schema import Algorithm as Settings

State = dict[str, Tensor]
"""All that an algorithm keeps from one round to the next, a row per device in each tensor; may be empty."""


class Algorithm(ABC):
    """One round of one paper, for all devices at once; pure, so that a round can be done again.

    In every method `models` are (devices, parameters) before the round's local training and `updates`,
    of the same shape, what the training takes off them: lr g(x) for one local step, g taken at `models`.
    """

    needs_air: ClassVar[bool] = True
    """Whether the devices exchange their messages over the network at all."""

    def __init__(self, settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> None:
        """`parts`: name of a part of the model to its columns; together they are all columns, in order."""
        self.settings, self.parts, self.devices, self.seed = settings, parts, devices, seed

    def message_values(self, parameters: int) -> int:
        """Values in the message of one device; 0 means that it sends none."""
        return parameters if self.needs_air else 0

    def start(self, models: Tensor) -> State:
        """The state before the first round."""
        return {}

    def message(self, models: Tensor, updates: Tensor) -> Tensor:
        """What each device sends (devices, values): its model as it was before the round."""
        return models

    @abstractmethod
    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """New models and new state, from the messages that arrived.

        `weights` (devices, devices), float64: row i holds what device i gives to each message, 0 where
        none arrived, and a_ii to its own. Without an air, devices that take part give each other the same. In the
        event-driven modes the rows, of all but the messages, are those of some devices alone, and theirs are the first
        messages: `weights` (devices, messages).
        """

    def report(self, state: State) -> dict[str, Tensor]:
        """Columns (devices,) for the table of devices."""
        return {}
