"""Ranks by the quality of links: a device whose messages take long has, and sends, less. Of no paper: ours.

A device takes the time of a message as proportional to its rank. It keeps the seconds a rank, c <- (c + seconds /
rank) / 2 with the mean of its last round's messages, from the first ones on, and takes the largest rank whose
message takes lora.message_s at most, floor(message_s / c), within the bounds. A longer time never gives a higher
rank. A round that reached nobody changes nothing. Ranks begin with the largest; fewer come by singular values, after
which components of the same number are no longer alike on all devices: a merge should look at products.
"""

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Policy, Seen
from testbed.lora.resize import resized
from testbed.scenario.lora import Lora as Settings


class ByLink(Policy):
    """r_i = floor(message_s / c_i). State: `rank` (devices,); `pace` (devices,) c in seconds, NaN while unknown."""

    title = "Rank by link"
    dynamic = True
    changes = True
    reorders = True

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        super().__init__(layout, settings, devices, seed, facts)
        if settings.message_s is None:
            raise UserError('lora.policy = "by_link" needs lora.message_s, the seconds that a message should take.')
        self._needs_both("finds lower ranks by the product of both factors")
        self._target = settings.message_s

    def start(self) -> State:
        unknown = torch.full((self.devices,), torch.nan, dtype=torch.float64)
        return {**super().start(), "rank": self.most, "pace": unknown}

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        found, pace = seen.seconds.double() / state["rank"], state["pace"]
        pace = torch.where(pace.isnan(), found, torch.where(found.isnan(), pace, (pace + found) / 2))
        fits = (self._target / pace).floor().clamp(min=self.settings.rank_min).minimum(self.most)
        rank = torch.where(pace.isnan(), state["rank"], fits.nan_to_num(0.0).long())
        wanted = rank[:, None].expand(-1, len(self.layout.sites))
        models, live = resized(self.layout, models, state["live"], wanted, self._beginning)
        return models, {**state, "live": live, "rank": rank, "pace": pace}
