"""What devices do with their models, in the order in which they do it."""

from typing import NamedTuple


class Train(NamedTuple):
    """The device begins its local training number `step`, on the model that it has now."""

    device: int
    step: int


class Trained(NamedTuple):
    """It has the updates of that training, and has not taken them yet."""

    device: int


class Send(NamedTuple):
    """The device puts its model into this message, as the algorithm says; with the updates of its training, or not."""

    message: int
    device: int
    trained: bool


class Mix(NamedTuple):
    """The device mixes its own model with messages, as the algorithm says, and takes its updates if `trained`."""

    device: int
    own: int | None
    """The message that holds what it mixes of its own, if it sent one."""
    heard: tuple[int, ...]
    degrees: tuple[int, ...] | None
    """Of the device itself, then of the senders, for Metropolis weights; None for equal ones."""
    trained: bool


class Drop(NamedTuple):
    """Nobody will mix this message any more."""

    message: int


Act = Train | Trained | Send | Mix | Drop
