"""Which devices a shard holds."""

from itertools import pairwise

from testbed.errors import UserError

TOGETHER = 8
"""Shards begin at multiples of so many devices where there are enough: so many are evaluated at once."""


def cut(devices: int, shards: int) -> list[slice]:
    """Contiguous devices for each shard, as equal as may be. Raises UserError for more shards than devices."""
    if shards < 1:
        raise UserError(f"--shards {shards}: it takes one at the least.")
    if shards > devices:
        raise UserError(
            f"--shards {shards}: there are only {devices} devices (devices.count), and every shard should have one."
        )
    unit = TOGETHER if shards * TOGETHER <= devices else 1
    borders = [devices // unit * shard // shards * unit for shard in range(shards)] + [devices]
    return [slice(first, last) for first, last in pairwise(borders)]
