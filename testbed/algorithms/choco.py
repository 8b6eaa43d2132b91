"""Choco-SGD: Koloskova, Stich and Jaggi, "Decentralized Stochastic Optimization and Gossip Algorithms with Compressed
Communication", ICML 2019.

Sends a compressed difference; keeps xh, the model as its neighbours know it. Each device also keeps a copy of xh of
all its neighbours, which takes every message to stay right; so the links should stay the same. One-way links bias
what it converges to. The last is also true of lost messages, and more:

Our reading, as the paper knows no losses: a device that has missed a message has no right copy of the sender's xh any
more, and leaves that sender out, whose weight stays with its own, until a whole model comes from there: that is in the
rounds 0, N, 2N, ... with resync_rounds = N. With 0 it is never, and over links that change each device soon trains
alone. Messages from and to devices that are not here at the end of a round count as lost. With `compression = "none"`
whole models come in every round. Coarse codes need a small gamma.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.aggregation.weights import with_own
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.compression import Quantised, TopK
from testbed.algorithms.common.message import size_bytes
from testbed.errors import UserError
from testbed.exchange import HEADER_BYTES
from testbed.scenario.schema import Algorithm as Settings
from testbed.seeds import Purpose, generator


class Choco(Algorithm):
    """With Q the compression, and xh = 0 at first:

    h_i = x_i - lr g_i(x_i),    q_i = Q(h_i - xh_i),    xh_i+ = xh_i + q_i
    x_i+ = h_i + gamma sum_j a_ij (xh_j+ - xh_i+)                              (alg. 2)
    """

    title = "Choco-SGD"
    fixed = "warning"
    whole_rounds = True

    def __init__(self, settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> None:
        super().__init__(settings, parts, devices, seed)
        if settings.compression == "quantised" and settings.bits < 2:
            raise UserError("algorithm.bits = 1: choco quantised takes 2 to 16, a sign and one level at least.")
        self._code = _code(settings)

    @property
    def notes(self) -> list[str]:
        if self._code is None or self.settings.resync_rounds:
            return []
        return [
            "algorithm.resync_rounds = 0: who misses one message of a device leaves that device out from then on; "
            "where messages are lost, or links change, have whole models sent again every so many rounds"
        ]

    def message_bytes(self, parameters: int) -> tuple[int, ...]:
        whole, rounds = size_bytes(parameters), self.settings.resync_rounds
        compressed = whole if self._code is None else HEADER_BYTES + self._code.size_bytes(parameters)
        return (whole, *[compressed] * (rounds - 1)) if rounds else (compressed,)

    def start(self, models: Tensor) -> State:
        """`held`: [j, i], whether i has heard all that its copy of xh_j takes."""
        everybody = torch.ones(len(models), len(models), dtype=torch.bool)
        return {"xh": torch.zeros_like(models), "held": everybody}

    def message(self, training: Training, state: State) -> Tensor:
        if self._whole(training.round_):
            return training.trained
        return self._compress(training.trained - state["xh"], training.round_)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        whole = self._whole(training.round_)
        xh = messages.clone() if whole else state["xh"] + messages
        arrived = (weights > 0) | torch.eye(len(weights), dtype=torch.bool)
        held = arrived.T & (state["held"] | whole)
        moved = linear(xh, with_own(weights * held.T)) - xh
        return training.trained + self.settings.gamma * moved, {"xh": xh, "held": held}

    def _whole(self, round_: int) -> bool:
        rounds = self.settings.resync_rounds
        return self._code is None or (rounds > 0 and round_ % rounds == 0)

    def _compress(self, differences: Tensor, round_: int) -> Tensor:
        """Q, as receivers decode it."""
        match self._code:
            case TopK():
                return self._code.held(differences)
            case Quantised():
                return self._code.held(differences, self._random(differences, round_))
            case None:
                return differences

    def _random(self, like: Tensor, round_: int) -> Tensor:
        """Uniform in [0, 1), from the random stream of each device and round."""
        streams = [generator(self.seed, Purpose.COMPRESSION, device, round_) for device in range(len(like))]
        return torch.from_numpy(np.stack([each.random(like.shape[1], np.float32) for each in streams])).to(like)


def _code(settings: Settings) -> TopK | Quantised | None:
    match settings.compression:
        case "top-k":
            return TopK(settings.keep)
        case "quantised":
            return Quantised(settings.bits)
        case "none":
            return None
