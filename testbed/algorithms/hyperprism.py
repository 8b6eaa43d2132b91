"""HyperPrism: Du et al., "An Adaptive Non-linear Aggregation Framework for Distributed Machine Learning over
Non-IID Data and Time-varying Communication Links", NeurIPS 2024.

The power mean of `wpm`, with a p of its own for every device, round and part of the model (section
4.2: representation and decision), that a hypernetwork on the device learns. Our reading, where the
paper leaves it open or contradicts itself: raw models travel, and the receiver applies its p to all
that it mixes; what `hypernetwork` lists; the derivative by p is clipped to [-1, 1]; with momentum, or several
local steps, what they went along in all stands for g.

Sends what `wpm` sends; keeps the hypernetworks, the last p, their last input and the slopes of the last mean by p.
One-way links and lost messages: as with `wpm`.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from testbed.aggregation import power_mean, power_mean_and_slope
from testbed.algorithms.common import hypernetwork
from testbed.algorithms.common.algorithm import State, Training
from testbed.algorithms.wpm import WPM, signed_power
from testbed.errors import UserError
from testbed.scenario.schema import Algorithm as Settings

CLIP = 1.0
KEPT = ("p", "signal", "slopes")
"""What the state holds beside the networks: the last p and input (devices, parts) and d wbar / dp."""

QUIET = 8.0
"""Bound of |log10| of a gradient's norm, so that a vanished or exploded one is still an input."""


class HyperPrism(WPM):
    """Round t, for each device and each part w of its model:

    s        = <g(w), d wbar / dp of round t-1>       df/dp, as w = wbar of round t-1    (eq. 10, 12)
    psi, v  -= lr * clip(s) * dp/dpsi, clip(s) * dp/dv                                   (eq. 9, 11)
    p        = HN(v, log10 |g(w)|; psi)                                                  (eq. 7)
    w+       = the mean of `WPM` with that p
    """

    title = "HyperPrism"

    def __init__(self, settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> None:
        super().__init__(settings, parts, devices, seed)
        self._candidates = torch.tensor(settings.candidates)
        if not settings.candidates[0] <= settings.p <= settings.candidates[-1]:
            raise UserError(
                f"algorithm.p = {settings.p:g} is where the hypernetworks of hyperprism start, which choose between "
                f"{settings.candidates[0]:g} and {settings.candidates[-1]:g}: take a p in that range, or other "
                "algorithm.candidates"
            )

    @property
    def notes(self) -> list[str]:
        if self.settings.choice == "hard":
            return signed_power(list(self.settings.candidates), "algorithm.candidates")
        return [
            'algorithm.choice = "expected": p is a mean of the candidates, rarely an odd integer, for which the '
            "paper's theory is: the signed power sign(w) |w|^p is taken"
        ]

    def start(self, models: Tensor) -> State:
        networks = hypernetwork.create(self.devices, len(self.parts), self.settings.p, self._candidates, self.seed)
        unknown = torch.zeros(self.devices, len(self.parts))
        return {**networks, "p": self._choose(networks, unknown), "signal": unknown, "slopes": torch.zeros_like(models)}

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        networks = {name: tensor for name, tensor in state.items() if name not in KEPT}
        gradients = training.gradients
        derivative = self._by_part(gradients * state["slopes"], torch.sum).nan_to_num(0.0).clamp(-CLIP, CLIP)
        lr = training.lr.float()
        networks = hypernetwork.descend(networks, state["signal"], self._candidates, derivative, lr)
        norms = self._by_part(gradients, torch.linalg.vector_norm)
        # A norm of 0 says nothing: in `async` mode a device that meets another has no new gradient.
        signal = torch.where(norms == 0, state["signal"], norms.log10().nan_to_num(0.0).clamp(-QUIET, QUIET))
        p = self._choose(networks, signal)
        mixed, slopes = self._mix(messages, weights, p, self.inside(training.updates))
        return mixed, {**networks, "p": p, "signal": signal, "slopes": slopes}

    def report(self, state: State) -> dict[str, Tensor]:
        return {f"p_{part}": state["p"][:, index] for index, part in enumerate(self.parts)}

    def _choose(self, networks: State, signal: Tensor) -> Tensor:
        choice = hypernetwork.expected if self.settings.choice == "expected" else hypernetwork.likeliest
        return choice(networks, signal, self._candidates)

    def _by_part(self, values: Tensor, reduced: Callable[..., Tensor]) -> Tensor:
        """(devices, parameters) to (devices, parts), in the float32 of the networks."""
        return torch.stack([reduced(values[:, columns], dim=1) for columns in self.parts.values()], 1).float()

    def _mix(self, messages: Tensor, weights: Tensor, p: Tensor, inside: Tensor | None) -> tuple[Tensor, Tensor]:
        """Means and slopes (devices, parameters), each part with its p (devices,)."""
        mixed, slopes = (messages.new_empty(len(p), messages.shape[1]) for _ in range(2))
        for index, columns in enumerate(self.parts.values()):
            step = None if inside is None else inside[:, columns]
            part = power_mean_and_slope(messages[:, columns], weights, p[:, index, None], step, self.rows)
            mixed[:, columns], slopes[:, columns] = part
        return (power_mean(messages, weights, 1, inside, self.rows) if (p == 1).all() else mixed), slopes
