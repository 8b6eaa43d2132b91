"""The values that rooms pass to each other."""

from dataclasses import replace

import numpy as np
import pytest

from testbed.exchange import Cause, Deliveries, Devices, Exchange, Links, Outbox


def exchange(links: list[tuple[int, int, bool]], arrived: list[tuple[int, int, bool]], devices: int) -> Exchange:
    src, dst, neighbour = zip(*links, strict=True) if links else ((), (), ())
    zeros = np.zeros(len(links))
    rows = Links(src, dst, zeros, zeros, zeros, zeros, neighbour)
    senders, receivers, whole = zip(*arrived, strict=True) if arrived else ((), (), ())
    times = np.zeros(len(arrived))
    causes = np.where(whole, Cause.ARRIVED, Cause.DEADLINE) if arrived else ()
    deliveries = Deliveries(senders, receivers, times, times, times, causes, times, times)
    each = np.zeros(devices)
    return Exchange(0, 1, rows, deliveries, Devices(each, each, each, each, each, each, each))


def test_columns_take_their_types_and_need_one_length() -> None:
    outbox = Outbox([0, 1], [-1, -1], [10, 20], [5, 6])
    assert outbox.src.dtype == np.int32
    assert outbox.size_bytes.dtype == np.int64
    with pytest.raises(ValueError, match="columns of one length"):
        Outbox([0, 1], [-1], [10, 20], [5, 6])


def test_equality_is_by_value_and_nan_equals_nan() -> None:
    links = Links([0], [1], [np.nan], [1.0], [6_000_000], [0], [True])
    assert links == Links([0], [1], [np.nan], [1.0], [6_000_000], [0], [True])
    assert links != Links([0], [1], [3.0], [1.0], [6_000_000], [0], [True])


def test_matrices_say_who_hears_whom() -> None:
    value = exchange([(0, 1, True), (1, 0, False)], [(0, 1, True)], 3)
    assert value.neighbours().tolist() == [[False] * 3, [True, False, False], [False] * 3]
    assert value.delivered()[1, 0]
    assert value.delivered().sum() == 1


def test_travel_is_the_mean_time_to_those_that_were_reached() -> None:
    rows = Deliveries.of(
        src=[0, 0, 1, 0], dst=[1, 2, 0, 1], size_bytes=[9] * 4, started_ns=[100] * 4,
        arrived_ns=[1100, 2100, -1, 9100], cause=[0, 0, 1, 0], frames=[1] * 4, retries=[0] * 4,
    )  # fmt: skip
    value = replace(exchange([], [], 3), deliveries=rows)
    assert value.travel_s() == pytest.approx([1.5e-6, np.nan, np.nan], nan_ok=True)


def test_density_counts_a_one_way_link_as_half() -> None:
    assert exchange([(0, 1, True), (1, 0, True), (0, 2, True)], [], 3).density == pytest.approx(0.5)
    assert exchange([], [], 1).density == 0.0
