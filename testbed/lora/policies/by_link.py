"""Ranks by the quality of links: a device whose messages take long has, and sends, less. Of no paper: ours.

From its first frame on, a message takes time in proportion to its bytes (20 devices over 802.11a: 18 to 22 microseconds
a byte, of 7 kB as of 400). A device keeps the seconds a byte, c <- (c + seconds / bytes) / 2 with the mean of its last
round's messages, from the first ones on, and takes the largest rank whose message takes lora.message_s at most,
bytes(r) c <= message_s, within the bounds. A longer time never gives a higher rank, and when links are as they were, so
are ranks. A round that reached nobody changes nothing. Ranks begin with the largest; fewer come by singular values,
after which components of the same number are no longer alike on all devices: a merge should look at products.
"""

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Policy, Seen
from testbed.lora.resize import resized
from testbed.lora.wire import Code
from testbed.scenario.lora import Lora as Settings


class ByLink(Policy):
    """State: `rank` (devices,); `pace` (devices,) c in seconds a byte, NaN while unknown."""

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
        live = self._nested(torch.arange(int(self.most.max()) + 1))
        self._bytes = Code(layout, settings.dtype).size_bytes(live, live).double()
        """(ranks,) of a message, from rank 0 on."""

    def start(self) -> State:
        unknown = torch.full((self.devices,), torch.nan, dtype=torch.float64)
        return {**super().start(), "rank": self.most, "pace": unknown}

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        found, pace = seen.seconds.double() / self._bytes[state["rank"]], state["pace"]
        pace = torch.where(pace.isnan(), found, torch.where(found.isnan(), pace, (pace + found) / 2))
        fits = (pace[:, None] * self._bytes[1:] <= self._target).sum(1)
        rank = torch.where(pace.isnan(), state["rank"], fits.clamp(min=self.settings.rank_min).minimum(self.most))
        wanted = rank[:, None].expand(-1, len(self.layout.sites))
        models, live = resized(self.layout, models, state["live"], wanted, self._beginning)
        return models, {**state, "live": live, "rank": rank, "pace": pace}
