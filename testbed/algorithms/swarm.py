"""SwarmSGD: Nadiradze et al., "Asynchronous Decentralized SGD with Quantized and Local Updates", NeurIPS 2021.

Sends the model after its local steps, to one partner; keeps nothing. Only devices that hear each other are partners.
Whoever misses its partner's message does not average, while the partner may, so that the mean moves.

Our reading, in mode `barrier`: where the paper has one random link at a time, the devices of a round are paired by a
random maximal matching of its graph, and all take their local steps, those without a partner, too. With
`pairing = "one_pair"` it is one link a round, as in the paper: all devices train, as the pair is known only when the
graph is, and what they have trained is thrown away, except where the partner's message arrived; a pair that loses both
messages leaves a round in which nothing changes. In mode `async` meetings make the pairs.

`quantiser = "lattice"`: whole multiples of the spacing s travel, modulo 2^bits; the receiver takes the nearest that
fits to its own model. Models further apart than 2^bits s / 2 in some coordinate are decoded wrongly there.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.aggregation.weights import equal_rows
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.compression import Lattice
from testbed.errors import UserError
from testbed.exchange import A_PARTNER, HEADER_BYTES, ONE_PAIR
from testbed.scenario.schema import Algorithm as Settings


class Swarm(Algorithm):
    """h_i = x_i - lr g_i(x_i),    x_i+ = x_j+ = (h_i + h_j) / 2 for partners i and j,    x_k+ = h_k for the others"""

    title = "SwarmSGD"
    shardable = True
    modes = ("barrier", "async")
    symmetric = "no"

    def __init__(self, settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> None:
        super().__init__(settings, parts, devices, seed)
        self._lattice = Lattice(settings.bits, settings.spacing) if settings.quantiser == "lattice" else None
        self._one_pair = settings.pairing == "one_pair"
        if self._one_pair and (settings.momentum or settings.optimizer != "sgd"):
            raise UserError(
                'algorithm.momentum: pairing = "one_pair" throws away what most devices have trained, and with it what '
                'their momentum would be made of; take pairing = "matching", or optimizer = "sgd" without momentum.'
            )

    @property
    def audience(self) -> int:
        return ONE_PAIR if self._one_pair else A_PARTNER

    def message_bytes(self, parameters: int) -> tuple[int | tuple[int, ...], ...]:
        if self._lattice is None:
            return super().message_bytes(parameters)
        return (HEADER_BYTES + self._lattice.size_bytes(parameters),)

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        """1/2 for the partner's message, where it arrived, and the rest for the own: no other message is sent."""
        return equal_rows(delivered & neighbours & ~torch.eye(len(delivered), dtype=torch.bool))

    def message(self, training: Training, state: State) -> Tensor:
        return training.trained if self._lattice is None else self._lattice.codes(training.trained)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        if self._lattice is None:
            mixed = linear(messages, weights, self.rows)
        else:
            mixed = self._decoded(self._lattice, training.trained, messages, weights)
        alone = weights.diagonal()[self.rows, None] == 1
        return (torch.where(alone, training.models, mixed) if self._one_pair else mixed), state

    def _decoded(self, lattice: Lattice, own: Tensor, codes: Tensor, weights: Tensor) -> Tensor:
        """The means, with each message as its receiver decodes it."""
        shares = weights.to(own)
        receivers, senders = weights.clone().fill_diagonal_(0)[self.rows].nonzero(as_tuple=True)
        theirs = shares[self.rows][receivers, senders, None] * lattice.near(codes[senders], own[receivers])
        return (shares.diagonal()[self.rows, None] * own).index_add(0, receivers, theirs)
