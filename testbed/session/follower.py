"""What devices learn in the event-driven modes: it follows their acts, in order, but works on many at once.

A training is computed when its outcome is first needed, together with all that have begun by then; a mixing when
its device acts again, together with all that wait. What is computed together depends on the acts alone, so that a
resumed run, and one over a recorded trace, computes the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.aggregation.weights import equal_rows, metropolis_rows
from testbed.algorithms import Algorithm, State, Training
from testbed.learning.descent import Pull
from testbed.learning.local import LocalTraining
from testbed.session.stopwatch import Stopwatch
from testbed.session.timing import Act, Drop, Mix, Send, Train, Trained
from testbed.session.training import keeps

PREFIX = "follower "
"""Of the names under which a state holds what is the follower's and not the algorithm's."""


@dataclass
class _Training:
    """One that has begun and is not computed."""

    step: int
    start: Tensor | None = None
    """The model it began on, where the device has another by now."""


class Follower:
    """All devices' models, what they have trained and not mixed, and the messages that somebody may mix."""

    def __init__(self, fleet: LocalTraining, algorithm: Algorithm, models: Tensor, state: State) -> None:
        """`state`: of the algorithm, or one that `state` gave."""
        self._fleet, self._algorithm = fleet, algorithm
        self.models = models.clone()
        own = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
        self._state = {name: value.clone() for name, value in state.items() if not name.startswith(PREFIX)}
        self._updates = own["updates"].clone() if own else torch.zeros_like(models)
        self._losses = own["losses"].clone() if own else models.new_full((len(models),), torch.nan)
        self._lr = own["lr"].clone() if own else torch.full_like(models[:, :1], algorithm.settings.lr)
        velocity = fleet.velocity_start(models)
        self._velocity = own.get("velocity", velocity).clone() if keeps(fleet, algorithm) else None
        # A training counts when it has ended: one that is broken off leaves no momentum, whenever it was computed.
        self._velocity_after = own.get("velocity after", velocity).clone()
        numbers = own["numbers"].tolist() if own else []
        self._messages: dict[int, Tensor] = dict(zip(numbers, own["messages"] if own else [], strict=True))
        self._trainings: dict[int, _Training] = {}
        self._mixings: dict[int, tuple[Mix, list[Tensor]]] = {}

    def follow(self, acts: Iterable[Act], watch: Stopwatch) -> Tensor:
        """The mean losses (devices,) of the trainings that ended; NaN where none did."""
        self._watch, self._sums, self._counts = watch, torch.zeros(len(self.models)), torch.zeros(len(self.models))
        for act in acts:
            match act:
                case Train():
                    self._trainings[act.device] = _Training(act.step)
                case Trained():
                    self._trained(act.device)
                case Send():
                    self._send(act)
                case Mix():
                    self._mix(act)
                case Drop():
                    self._messages.pop(act.message, None)
        self._train()
        return self._sums / self._counts

    def state(self) -> State:
        """All that is to be kept beside the models, as copies."""
        shape = (0, self.models.shape[1])
        messages = torch.stack(list(self._messages.values())) if self._messages else self.models.new_empty(shape)
        own = {
            "updates": self._updates.clone(),
            "losses": self._losses.clone(),
            "lr": self._lr.clone(),
            **({} if self._velocity is None else self._velocities()),
            "numbers": torch.tensor(list(self._messages), dtype=torch.int64),
            "messages": messages,
        }
        return {name: value.clone() for name, value in self._state.items()} | {
            PREFIX + name: value for name, value in own.items()
        }

    def _velocities(self) -> State:
        assert self._velocity is not None
        return {"velocity": self._velocity.clone(), "velocity after": self._velocity_after.clone()}

    def _trained(self, device: int) -> None:
        if device in self._trainings:
            self._train()
        self._sums[device] += self._losses[device]
        self._counts[device] += 1
        if self._velocity is not None:
            self._velocity[device] = self._velocity_after[device]

    def _send(self, act: Send) -> None:
        if act.device in self._mixings:
            self._settle()
        row = slice(act.device, act.device + 1)
        updates = self._updates[row] if act.trained else torch.zeros_like(self.models[row])
        training, state = (
            Training(self.models[row], updates, self._lr[row]),
            {name: kept[row] for name, kept in self._state.items()},
        )
        self._messages[act.message] = self._algorithm.message(training, state)[0].clone()

    def _mix(self, act: Mix) -> None:
        """Note it; a training that goes on keeps the model that it began on."""
        if act.device in self._mixings:
            self._settle()
        if act.device in self._trainings and self._trainings[act.device].start is None:
            self._trainings[act.device].start = self.models[act.device].clone()
        self._mixings[act.device] = act, [self._messages[message] for message in act.heard]

    def _train(self) -> None:
        """Compute the trainings that have begun."""
        self._settle()
        if not self._trainings:
            return
        with self._watch("training"):
            devices = sorted(self._trainings)
            begun = [self._trainings[device] for device in devices]
            starts = [
                self.models[device] if one.start is None else one.start
                for device, one in zip(devices, begun, strict=True)
            ]
            velocity = None if self._velocity is None else self._velocity[devices]
            steps = [one.step for one in begun]
            scale = self._algorithm.scale({name: value[devices] for name, value in self._state.items()}, 0)
            trained = self._fleet.updates_of(torch.stack(starts), devices, steps, Pull(scale=scale), velocity)
            self._updates[devices], self._losses[devices] = trained.updates, trained.losses
            self._lr[devices] = trained.lr
            if trained.velocity is not None:
                self._velocity_after[devices] = trained.velocity
        self._trainings.clear()

    def _settle(self) -> None:
        """Compute the mixings that wait."""
        if not self._mixings:
            return
        with self._watch("mixing"):
            rows = sorted(self._mixings)
            mixings = [self._mixings[device] for device in rows]
            models, state = self._algorithm.mix(*self._arguments(rows, mixings))
            self.models[rows] = models
            for name, value in state.items():
                self._state[name][rows] = value
        self._mixings.clear()

    def _arguments(
        self, rows: Sequence[int], mixings: Sequence[tuple[Mix, list[Tensor]]]
    ) -> tuple[Training, Tensor, Tensor, State]:
        """Of the algorithm's `mix`: the devices' own messages come first, then the others' in order of number."""
        acts = [act for act, _ in mixings]
        models, trained = self.models[rows], torch.tensor([act.trained for act in acts])
        updates = torch.where(trained[:, None], self._updates[rows], 0.0)
        training, state = (
            Training(models, updates, self._lr[rows]),
            {name: value[rows] for name, value in self._state.items()},
        )
        own = self._algorithm.message(training, state)
        heard = {number: tensor for act, tensors in mixings for number, tensor in zip(act.heard, tensors, strict=True)}
        column = {act.own: index for index, act in enumerate(acts) if act.own is not None}
        others = sorted(heard.keys() - column.keys())
        column |= {number: len(own) + index for index, number in enumerate(others)}
        messages = torch.cat([own, torch.stack([heard[number] for number in others])]) if others else own
        return training, messages, _weights(acts, column, len(messages)), state


def _weights(acts: Sequence[Mix], column: dict[int, int], messages: int) -> Tensor:
    """Rows of the mixing weights, (acts, messages)."""
    heard = torch.zeros(len(acts), messages, dtype=torch.bool)
    own, theirs = torch.zeros(len(acts)), torch.zeros(messages)
    for row, act in enumerate(acts):
        places = [column[number] for number in act.heard]
        heard[row, places] = True
        if act.degrees is not None:
            own[row] = act.degrees[0]
            theirs[places] = torch.tensor(act.degrees[1:], dtype=theirs.dtype)
    return equal_rows(heard) if acts[0].degrees is None else metropolis_rows(own, theirs, heard)
