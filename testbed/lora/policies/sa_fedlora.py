"""SA-FedLoRA: Yang et al., "SA-FedLora: Adaptive Parameter Allocation for Efficient Federated Learning with LoRA
Tuning", arXiv 2405.09394 version 1 (version 2 has another title and another method). A reconstruction: we had no more
of version 1 than its abstract.

From the abstract: a penalty on the local training in early rounds, against drift of the devices; then, as in
simulated annealing, ranks that begin large ("heating") and sink ("cooling"). Our reading is all else:

Rounds t < lora.init_rounds have the penalty mu / 2 |x - x0|^2 on what is trained, of adapters with the largest rank,
and x0 where the round began. A device's rank is, rounded with halves up,

    r(t) = r_min + (r_max - r_min) phi(t),    phi = 1 to t = heat_rounds, 0 from t = cool_rounds on,

and in between, with u from 0 to 1: `cubic` (1 - u)^3, as in AdaLoRA; `cosine` (1 + cos(pi u)) / 2; `geometric`
gamma^(t - heat_rounds). `metropolis` is annealing proper: each round a device would have one rank less, and has it
if its training loss did not rise since the round before, and else with chance exp(-rise / T_j), by a coin of its own;
T_j = T_0 gamma^j in round heat_rounds + j.

Fewer ranks are those of the product's singular values: each is divided by the norm of its layer's product, those of
all layers are sorted together, and the highest r(t) x layers stay, r_min in each layer at least. After that components
of the same number are no longer alike on all devices: a merge should look at products.
"""

import math

import torch
from torch import Tensor

from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Plan, Policy, Seen
from testbed.lora.resize import shrunk, spectrum
from testbed.scenario.lora import Lora as Settings
from testbed.seeds import Purpose, generator


class SaFedLora(Policy):
    """State: `rank` (devices,) r(t); `losses` (devices,) of the round before."""

    title = "SA-FedLoRA (reconstructed)"
    dynamic = True
    changes = True
    reorders = True

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        super().__init__(layout, settings, devices, seed, facts)
        self._needs_both("finds lower ranks by the product of both factors")

    def start(self) -> State:
        unknown = torch.full((self.devices,), torch.nan)
        return {**super().start(), "rank": self.most, "losses": unknown}

    def plan(self, state: State, round_: int) -> Plan:
        mu = self.settings.mu if round_ < self.settings.init_rounds else 0.0
        return self._plan(state["live"], state["live"], mu)

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        rank, before = self._rank(state, round_ + 1, seen), state["rank"]
        live = state["live"]
        if (rank < before).any():
            wanted = self._shares(models, live, rank)
            wanted = torch.where((rank < before)[:, None], wanted, self.layout.ranks(live))
            models, live = shrunk(self.layout, models, live, wanted, self._beginning)
        return models, {**state, "live": live, "rank": rank, "losses": seen.losses}

    def _rank(self, state: State, t: int, seen: Seen) -> Tensor:
        """(devices,) int64 r(t)."""
        settings = self.settings
        if t <= settings.heat_rounds:
            return state["rank"]
        if settings.annealing == "metropolis" and t < settings.cool_rounds:
            lower = self._accepted(seen.losses - state["losses"], t)
            return (state["rank"] - lower.long()).clamp(min=settings.rank_min)
        share = phi(settings.annealing, t, settings.heat_rounds, settings.cool_rounds, settings.gamma)
        wanted = settings.rank_min + ((self.most - settings.rank_min) * share + 0.5).floor().long()
        return wanted.minimum(state["rank"])

    def _accepted(self, rise: Tensor, t: int) -> Tensor:
        """(devices,) bool: who takes a rank less, of losses that rose so much: all where they sank, as a chance above 1
        is one that always comes; nobody whose rise is not known."""
        temperature = self.settings.temperature * self.settings.gamma ** (t - self.settings.heat_rounds)
        coins = [generator(self.seed, Purpose.RANKS, device, t).random() for device in range(self.devices)]
        return torch.tensor(coins, dtype=torch.float64) < (-rise.double() / temperature).exp()

    def _shares(self, models: Tensor, live: Tensor, rank: Tensor) -> Tensor:
        """(devices, sites) int64: the ranks of the layers, whose sum is that of `rank` (devices,) in each."""
        layout = self.layout
        values, now = spectrum(layout, models, live), layout.ranks(live)
        for site in layout.sites:
            values[:, site.components] /= values[:, site.components].norm(dim=1, keepdim=True).clamp(min=1e-300)
        values[~layout.nested(now)] = -1
        values[layout.nested(now.clamp(max=self.settings.rank_min))] = torch.inf
        number = self._nested(rank).sum(1, keepdim=True)
        places = values.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        return layout.ranks((places < number) & layout.nested(now))


def phi(annealing: str, t: int, heat: int, cool: int, gamma: float) -> float:
    """How much of the ranks above the smallest there is in round t."""
    if t <= heat or t >= cool:
        return float(t <= heat)
    u = (t - heat) / (cool - heat)
    match annealing:
        case "cosine":
            return (1 + math.cos(math.pi * u)) / 2
        case "geometric":
            return float(gamma ** (t - heat))
        case _:
            return (1 - u) ** 3
