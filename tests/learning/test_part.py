"""Some devices of a fleet by themselves do what they do among all."""

import torch

from testbed.learning.fleet import of_scenario
from testbed.learning.part import Part
from tests.session.scenarios import small


def test_a_part_draws_the_same_samples_and_takes_the_same_steps() -> None:
    whole = of_scenario(small(algorithm={"local_steps": 2}))
    rows = slice(3, 6)
    part = Part(whole, rows)
    assert len(part) == 3
    assert len(part.data.train_y) == sum(len(shard) for shard in whole.shards[rows])
    assert torch.equal(whole.data.train_x[whole.batches(5)[:, rows]], part.data.train_x[part.batches(5)])
    models = whole.start() + torch.linspace(-0.1, 0.1, 8)[:, None]
    there, here = whole.updates(models, 5), part.updates(models[rows], 5)
    assert torch.equal(there.updates[rows], here.updates)
    assert torch.equal(there.losses[rows], here.losses)
    assert torch.equal(whole.accuracy(models)[rows], part.accuracy(models[rows]))
