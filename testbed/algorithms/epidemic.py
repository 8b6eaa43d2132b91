"""Epidemic Learning, EL-Local: De Vos et al., "Epidemic Learning: Boosting Decentralized Learning with Randomized
Communication", NeurIPS 2023.

Sends the model after its local step, and the numbers of those that it is for; keeps nothing. Links need go one way
only. A lost message is left out of the mean, which is of fewer models then.

Our reading: the paper's devices reach each other all; here a device chooses among those that hear it, and all of them
where they are fewer than `peers`. One broadcast serves all that are chosen; the other neighbours hear it and leave it.
Over `unicast` and `tcp` it goes to all neighbours, too. Where degrees are unequal its weights are not doubly
stochastic: some devices count more, and it stops beside the optimum however small the learning rate is.
"""

import torch
from torch import Tensor

from testbed.aggregation.weights import equal_rows
from testbed.algorithms.atc import ATC
from testbed.algorithms.common.message import size_bytes
from testbed.seeds import Purpose, generator


class Epidemic(ATC):
    """x_i+ = the mean of x_j - lr g_j(x_j) over j = i and all j whose random choice of `peers` devices has i in it"""

    title = "Epidemic Learning"
    modes = ("barrier",)
    symmetric = "no"

    def message_bytes(self, parameters: int) -> tuple[int, ...]:
        """The model, and 4 bytes for each device that it is for."""
        return (size_bytes(parameters + min(self.settings.peers, self.devices - 1)),)

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return equal_rows(self.chosen(neighbours, round_) & delivered)

    def chosen(self, neighbours: Tensor, round_: int) -> Tensor:
        """(devices, devices) bool: whether j has chosen i, uniformly without replacement among those that hear j."""
        hears = neighbours & ~torch.eye(len(neighbours), dtype=torch.bool)
        draws = torch.from_numpy(generator(self.seed, Purpose.EPIDEMIC, round_).random(hears.shape))
        order = draws.masked_fill(~hears, 1.0).topk(min(self.settings.peers, len(hears)), dim=0, largest=False)
        return hears & torch.zeros_like(hears).scatter(0, order.indices, True)
