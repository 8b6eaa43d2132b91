"""Which devices a shard holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.session.shards.cut import TOGETHER, cut


@given(st.integers(1, 400), st.data())
def test_shards_are_all_devices_in_order_and_about_equal(devices: int, data: st.DataObject) -> None:
    shards = data.draw(st.integers(1, devices))
    rows = cut(devices, shards)
    assert [device for part in rows for device in range(part.start, part.stop)] == list(range(devices))
    sizes = [part.stop - part.start for part in rows]
    assert len(sizes) == shards
    assert min(sizes) > 0
    aligned = shards * TOGETHER <= devices
    assert max(sizes) - min(sizes) < (2 * TOGETHER if aligned else 2)
    if aligned:
        assert all(part.start % TOGETHER == 0 for part in rows)


def test_more_shards_than_devices_are_refused() -> None:
    with pytest.raises(UserError, match=r"--shards 9: there are only 8 devices"):
        cut(8, 9)
    with pytest.raises(UserError, match="one at the least"):
        cut(8, 0)
