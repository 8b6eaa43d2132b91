"""Some devices of a fleet by themselves, as a shard of a run holds them."""

from dataclasses import replace

import numpy as np

from testbed.learning.fleet import Fleet, Indices, drawn


class Part(Fleet):
    """The devices `rows` of a fleet, with their own training samples alone. They draw what they draw among all."""

    def __init__(self, whole: Fleet, rows: slice) -> None:
        own = whole.shards[rows]
        held, counts = np.concatenate(own), [len(shard) for shard in own]
        data = replace(whole.data, train_x=whole.data.train_x[held], train_y=whole.data.train_y[held])
        shards = np.split(np.arange(len(held)), np.cumsum(counts)[:-1])
        self._own, self._among = rows, whole.counts
        super().__init__(data, shards, whole.learnt, whole.algorithm, whole.seed, whole.rounds, whole.momentum)

    def draws(self, round_: int) -> Indices:
        return drawn(self._among, self.algorithm, self.seed, round_)[:, self._own]
