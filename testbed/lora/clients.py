"""LoRA clients: an algorithm over adapters, whose ranks a policy chooses and a merge mixes.

In a round every device trains the components that the policy says, sends what it chose of them, and mixes what arrived
as the merge has it, with linear means or HyperPrism's power means. Where all devices have the same components for good,
and the merge takes the mean of each value by itself, adapters are models like any other: then the algorithm mixes them
as it does models, whichever it is.

Sends rows of A and of B in the numbers of `lora.dtype`, and the parameters that are trained whole; keeps what
algorithm, policy and merge keep. A lost message is what it is to algorithm and merge.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from testbed.algorithms import Algorithm, State, Training
from testbed.errors import UserError
from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout
from testbed.lora.means import Linear, Power
from testbed.lora.merge import Mean, Merge
from testbed.lora.policy import Plan, Policy, Seen
from testbed.lora.resize import energy_above
from testbed.lora.wire import Code
from testbed.scenario.lora import Lora as Settings

POLICY, MERGE = "policy ", "merge "
"""Beginnings of the names under which a state holds what policy and merge keep, beside what is the algorithm's."""
FRESH = "fresh"
"""In a state: (devices,) bool, whose components are others since the end of the last round."""
ENERGY = "energy above"
"""In a state: (devices,) float32, see `Clients.report`."""
INHERITED = (
    *("modes", "needs_air", "momentum", "default_momentum", "restarts", "schedules", "local_steps", "exact"),
    *("symmetric", "connected", "fixed", "whole_rounds"),
)
"""What the algorithm says of itself is so over adapters, too."""
VALUE_BY_VALUE = ("fedit", "ffa")
"""Merges that take the mean of each value by itself where all devices have the same components."""


class Clients(Algorithm):
    """`inner` over adapters."""

    title = "LoRA"

    def __init__(self, inner: Algorithm, settings: Settings, layout: Layout, policy: Policy, merge: Merge) -> None:
        """Raises UserError for an algorithm, policy and merge that do not go together."""
        super().__init__(inner.settings, inner.parts, inner.devices, inner.seed)
        self._inner, self._lora, self._layout, self._policy, self._merge = inner, settings, layout, policy, merge
        self._code = Code(layout, settings.dtype)
        for name in INHERITED:
            setattr(self, name, getattr(inner, name))
        self.title = f"{inner.title}, {policy.title}, {merge.title}"  # type: ignore[misc]
        plain = settings.merge in VALUE_BY_VALUE and settings.dtype == "float32"
        self._direct = not policy.unequal and plain
        """Whether the algorithm itself mixes. Where numbers are rounded on the air a merge does, which keeps the own
        ones as they are."""
        if not self._direct or policy.parts:
            self.modes = ("barrier",)  # type: ignore[misc]
        self._mean = Linear() if self._direct else required(mean_of(inner), inner)
        self._check()

    @property
    def notes(self) -> list[str]:
        if not (self._policy.reorders and self._merge.by_index):
            return self._inner.notes
        return [
            *self._inner.notes,
            f"warning: {self._policy.title} puts components in another order as ranks change, so component i is not "
            f"the same on all devices, as {self._merge.title} takes it: look at products instead, by lora.merge = "
            '"flexlora", or "completed" where ranks differ',
        ]

    @property
    def ranks(self) -> tuple[int, int]:
        """The smallest and the largest rank of a device in a layer before the first round."""
        ranks = self._layout.ranks(self._policy.start()["live"])
        return int(ranks.min()), int(ranks.max())

    @property
    def audience(self) -> int:
        return self._inner.audience

    @property
    def exchanges(self) -> int:
        return self._inner.exchanges

    @property
    def dynamic(self) -> bool:
        return self._policy.dynamic or self._policy.changes

    @property
    def measures(self) -> bool:
        return self._policy.measures

    def message_bytes(self, parameters: int) -> tuple[int | tuple[int, ...], ...]:
        """Of the first round; of dynamic ones, what the largest ranks take."""
        if self._own_code():
            return self._inner.message_bytes(parameters)
        if not self.needs_air:
            return (0,)
        masks = self._policy.most_sent() if self.dynamic else self._first()
        return (tuple(self._code.size_bytes(*masks).tolist()),)

    def sent_bytes(self, training: Training, state: State) -> Tensor:
        if not self.needs_air:
            return torch.zeros(self.devices, dtype=torch.int64)
        size = self._code.size_bytes(*self._selected(training, state))
        return size + self._policy.extra_bytes(_of(POLICY, state))

    def first(self, models: Tensor) -> Tensor:
        """Components that a device has not are zero."""
        live = self._policy.start()["live"]
        return models.masked_fill(~self._layout.columns(live, live), 0.0)

    def start(self, models: Tensor) -> State:
        policy, merge = self._policy.start(), self._merge.start(len(models))
        own = {FRESH: torch.zeros(len(models), dtype=torch.bool), ENERGY: torch.zeros(len(models))}
        return {**self._inner.start(models), **_named(POLICY, policy), **_named(MERGE, merge), **own}

    def point(self, models: Tensor, state: State) -> Tensor:
        return self._inner.point(models, _own(state))

    def correction(self, state: State) -> Tensor | None:
        return self._inner.correction(_own(state))

    def scale(self, state: State, round_: int) -> Tensor | None:
        """0 for what is not trained; for B the ratio of learning rates, and what alpha / r makes of a step where it is
        folded in: once for B itself, and once more for its gradient."""
        plan = self._plan(state, round_)
        scale = self._layout.columns(plan.a, plan.b).float()
        b = self._layout.parts["B"]
        scale[:, b] *= self._lora.lr_ratio
        if self._lora.alpha is not None:
            ranks = self._layout.ranks(plan.live).clamp(min=1)
            rooms = torch.tensor([site.room for site in self._layout.sites])
            power = 1 if self.settings.optimizer == "adamw" else 2  # a step of Adam knows no size of its gradient
            folded = (self._lora.alpha / ranks).pow(power).repeat_interleave(rooms, dim=1)
            scale[:, b] *= folded[:, self._layout.component_of[b]]
        return scale

    def proximal(self, state: State, round_: int) -> float:
        return self._plan(state, round_).proximal

    def penalty(self, state: State, round_: int) -> Callable[[Tensor], Tensor | None] | None:
        if type(self._policy).penalty is Policy.penalty:
            return None
        plan = self._plan(state, round_)
        return lambda models: self._policy.penalty(models, plan)

    def fresh(self, state: State) -> Tensor | None:
        return state[FRESH]

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return self._inner.weights(neighbours, delivered, round_)

    def without_air(self, here: Tensor) -> Tensor:
        return self._inner.without_air(here)

    def message(self, training: Training, state: State) -> Tensor:
        if not self._direct:
            a, b = self._selected(training, state)
            return self._code.held(Adapters(self._counted(training, a, b).trained, a, b)).values
        return self._inner.message(training, _own(state))  # what does not travel of it is the same on all devices

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        a, b = self._selected(training, state)
        training = self._counted(training, a, b)
        if self._direct:
            models, own = self._inner.mix(training, messages, weights, _own(state))
            models = torch.where(self._layout.columns(a, b), models, training.trained)
            return models, {**state, **own, ENERGY: self._energy(models)}
        live = state[POLICY + "live"]
        trained, sent = Adapters(training.trained, live, live), Adapters(messages, a, b)
        models, merge = self._merge.mix(trained, sent, weights, self._mean, _of(MERGE, state))
        models, policy = self._policy.after(models, _of(POLICY, state), training.round_, _seen(training, weights))
        turned = (weights.diagonal() != 1) & self._merge.rebases
        fresh = (policy["live"] != live).any(1) | turned
        own = {FRESH: fresh, ENERGY: self._energy(models)}
        return models, {**state, **_named(MERGE, merge), **_named(POLICY, policy), **own}

    def report(self, state: State) -> dict[str, Tensor]:
        """Beside the algorithm's own columns `rank`, and `energy_above`: the share of |B A|_F^2 above the smallest
        rank, which falls as ranks collapse. Both are means over layers."""
        ranks = self._layout.ranks(state[POLICY + "live"]).float().mean(1)
        return {**self._inner.report(_own(state)), "rank": ranks, "energy_above": state[ENERGY]}

    def _energy(self, models: Tensor) -> Tensor:
        return energy_above(self._layout, models, self._lora.rank_min).mean(1).float()

    def _plan(self, state: State, round_: int) -> Plan:
        return self._policy.plan(_of(POLICY, state), round_)

    def _first(self) -> tuple[Tensor, Tensor]:
        """Rows of A and of B that are sent in the first round, of a policy that looks at no model for it."""
        state, nothing = self._policy.start(), torch.zeros(self.devices, self._layout.size)
        return self._policy.select(self._policy.plan(state, 0), nothing, nothing, state)

    def _selected(self, training: Training, state: State) -> tuple[Tensor, Tensor]:
        """Rows of A and of B that are sent."""
        plan = self._plan(state, training.round_)
        return self._policy.select(plan, training.models, training.updates, _of(POLICY, state))

    def _counted(self, training: Training, a: Tensor, b: Tensor) -> Training:
        """Without the updates that the policy takes back."""
        if not self._policy.drops:
            return training
        return replace(training, updates=training.updates.masked_fill(~self._layout.columns(a, b), 0.0))

    def _own_code(self) -> bool:
        """Whether messages are the algorithm's own: all of what it sends, as it writes it."""
        return self._direct and self._merge.trains == "AB" and not self._policy.parts

    def _check(self) -> None:
        """Raises UserError for what does not go together."""
        inner, settings = self._inner, self._lora
        sends_more = inner.vectors != 1 or type(inner).message_bytes is not Algorithm.message_bytes
        if self._direct and sends_more and not self._own_code():
            raise UserError(
                f'algorithm.name = "{inner.settings.name}" sends more than its model, or a code of it: over adapters '
                'that takes lora.merge = "fedit" and lora.dtype = "float32".'
            )
        self._check_steps()
        if not isinstance(self._mean, Linear) and not self._merge.power_means:
            raise UserError(
                f'lora.merge = "{settings.merge}" takes linear means alone: take algorithm.name = "atc", or a merge '
                'such as "products" or "rbla".'
            )
        live = self._policy.start()["live"]
        alike = not self._policy.changes and bool((live == live[0]).all())
        if not alike and not self._merge.unequal:
            raise UserError(
                f'lora.merge = "{settings.merge}" is for one rank on all devices, which lora.policy = '
                f'"{settings.policy}" does not give: take another merge, such as "rbla".'
            )
        if self._policy.parts and self._merge.whole_adapters:
            raise UserError(
                f'lora.merge = "{settings.merge}" needs whole adapters, of which lora.policy = "{settings.policy}" '
                'sends parts: take another merge, such as "rbla".'
            )

    def _check_steps(self) -> None:
        """Raises UserError for steps of another size with an algorithm that reckons gradients back from steps."""
        inner, settings = self._inner, self._lora
        reckons = type(inner).correction is not Algorithm.correction or inner.momentum == "own"
        if reckons and (settings.lr_ratio != 1 or settings.alpha is not None):
            raise UserError(
                f'algorithm.name = "{inner.settings.name}" takes gradients back from the steps, which lora.alpha and '
                "lora.lr_ratio make longer or shorter: leave them out."
            )


def mean_of(inner: Algorithm) -> Mean | None:
    """The mean that a merge takes in an algorithm's place; None where it has none."""
    settings = inner.settings
    if settings.name in ("atc", "allreduce", "local"):
        return Linear()
    if settings.name == "wpm" and settings.variant == "primal":
        return Linear() if settings.p == 1 else Power(settings.p)
    return None


def required(mean: Mean | None, inner: Algorithm) -> Mean:
    """Raises UserError where there is none."""
    if mean is None:
        raise UserError(
            f'algorithm.name = "{inner.settings.name}": with this lora.policy and lora.merge adapters are mixed after '
            'training, as "atc", "wpm" with variant = "primal", "allreduce" and "local" do; other algorithms take '
            'lora.policy = "fixed" with lora.merge = "fedit" or "ffa", and lora.dtype = "float32".'
        )
    return mean


def _seen(training: Training, weights: Tensor) -> Seen:
    heard = weights[:, : len(weights)].clone().fill_diagonal_(0.0) > 0
    nothing = torch.full((len(weights),), torch.nan)
    losses = nothing if training.losses is None else training.losses
    seconds = nothing if training.seconds is None else training.seconds
    return Seen(losses, heard, seconds, training.models, training.updates, training.samples)


def _named(prefix: str, kept: State) -> State:
    return {prefix + name: tensor for name, tensor in kept.items()}


def _of(prefix: str, state: State) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _own(state: State) -> State:
    """What is the algorithm's."""
    return {
        name: tensor
        for name, tensor in state.items()
        if not name.startswith((POLICY, MERGE)) and name not in (FRESH, ENERGY)
    }
