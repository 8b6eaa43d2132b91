"""Every number of traces so small that it can be worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from testbed.exchange import Cause
from testbed.trace import LinkRows, Trace
from testbed.trace.inspect import statistics
from testbed.trace.inspect.statistics import ccdf, quantiles
from tests.report.recordings import delivered, exchange, linked, sent
from tests.trace.inspect.traces import at_rest, imported, recorded, two_way


def test_density_of_an_import_is_weighted_by_time() -> None:
    """Of 6 ordered pairs, 2 are linked for 10 s, then 4 for 5 s, then none for 5 s, then 1 for 0 s."""
    trace = imported(3, [*two_way([(0, 1, 100, 115), (1, 2, 110, 115)]), (0, 2, 120, 120)])
    found = statistics(trace)
    assert found.density_mean == pytest.approx((2 * 10 + 4 * 5) / 20 / 6)
    assert found.density[0].tolist() == [100 * 10**9, 110 * 10**9, 115 * 10**9, 120 * 10**9]
    np.testing.assert_allclose(found.density[1], [2 / 6, 4 / 6, 0])
    np.testing.assert_allclose(found.degrees, [15 / 20, 20 / 20, 5 / 20])
    assert found.peers.tolist() == [2, 2, 2]
    assert (found.links, found.pairs, found.contacts) == (5, 3, 3)
    assert found.as_json()["t_start_s"] == 100
    assert found.as_json()["t_end_s"] == 120
    assert found.rounds == 0


def test_a_snapshot_has_the_density_of_its_instant() -> None:
    found = statistics(imported(4, [(0, 1, 0, None), (1, 0, 0, None), (2, 3, 0, None)]))
    assert found.density_mean == pytest.approx(3 / 12)
    assert found.density[1].tolist() == [3 / 12]
    assert found.degrees.tolist() == [1, 1, 1, 1]
    assert (found.as_json()["t_start_s"], found.as_json()["t_end_s"]) == (0, 0)
    assert math.isnan(found.as_json()["contact_s"]["median"])


def test_samples_alone_are_counted_by_instant() -> None:
    found = statistics(imported(2, [(0, 1, 0, 0), (1, 0, 5, 5), (0, 1, 5, 5), (0, 1, 20, 20)]))
    assert found.density_mean == pytest.approx((1 + 2 + 1) / 3 / 2)
    assert found.degrees.tolist() == [1, 1]
    assert found.inter_contact_s.tolist() == [5, 15]


def test_a_recording_is_averaged_over_its_rounds() -> None:
    found = statistics(recorded(3, [[(0, 1)], [(0, 1), (1, 2), (0, 2)], []]))
    assert found.density_mean == pytest.approx((1 / 3 + 1 + 0) / 3)
    np.testing.assert_allclose(found.degrees, [1, 1, 2 / 3])
    assert (found.rounds, found.window_s, found.connectivity.window) == (3, None, 2)
    assert found.asymmetry.one_way == 0
    assert math.isnan(found.delivered)


def test_what_is_heard_but_no_neighbour_is_no_link_yet_asymmetric() -> None:
    heard = linked([(0, 1), (1, 0), (2, 0)], neighbour=False)
    links = replace(heard, neighbour=np.array([True, True, False]), delivery=np.array([1.0, 0.75, 0.25]))
    trace = Trace.of_rounds(imported(3, []).header, [sent([0], 0)], [exchange(links, delivered([]), at_rest(3))])
    found = statistics(trace)
    assert (found.links, found.contacts) == (2, 1)
    assert found.asymmetry.one_way == pytest.approx(1 / 3)
    assert found.asymmetry.difference == pytest.approx(0.25)


def test_asymmetry_compares_what_holds_at_one_time() -> None:
    rows = [(0, 1, 0, 2), (0, 1, 4, 6), (1, 0, 1, 3), (1, 0, 6, 8), (1, 2, 0, 1)]
    trace = imported(3, rows)
    quality = {(0, 0): 0.9, (0, 4): 0.8, (1, 1): 0.5, (1, 6): 0.1}
    keys = zip(
        trace.links.src.tolist(), (trace.links.t_start_ns // 10**9).tolist(), trace.links.dst.tolist(), strict=True
    )
    delivery = np.array([quality[src, start] if dst < 2 else 0.3 for src, start, dst in keys])
    found = statistics(replace(trace, links=replace(trace.links, delivery=delivery))).asymmetry
    assert found.one_way == pytest.approx(3 / 5)
    assert found.difference == pytest.approx(0.4)


def test_delays_are_counted_from_the_end_of_training() -> None:
    rows = delivered([(0, 1, 600, 1000), (0, 2, 600, -1)], Cause.DEADLINE)
    trace = Trace.of_rounds(
        imported(3, []).header, [sent([0], 500)], [exchange(linked([(0, 1), (0, 2)]), rows, at_rest(3))]
    )
    found = statistics(trace)
    assert found.delays_s[0] == pytest.approx(500e-9)
    assert found.delivered == 0.5
    assert found.as_json()["delay_s"]["max"] == pytest.approx(500e-9)


def test_what_an_import_left_out_is_told_from_what_it_mended() -> None:
    oddities = [
        {"reason": "self_loop", "count": 2, "done": "left out", "rejected": True},
        {"reason": "out_of_order", "count": 5, "done": "sorted", "rejected": False},
    ]
    steps = ({"step": "import", "oddities": oddities}, {"step": "window"})
    found = statistics(imported(2, [(0, 1, 0, 1)], provenance=steps)).as_json()
    assert found["rejected"] == {"self_loop": 2}
    assert found["oddities"] == oddities
    assert found["format"] == "csv"


def test_nothing_known_at_all() -> None:
    found = statistics(imported(1, [])).as_json()
    assert (found["contacts"], found["density_mean"], found["t_start_s"]) == (0, 0, None)
    assert math.isnan(statistics(imported(3, [])).as_json()["delay_s"]["mean"])
    assert len(LinkRows.none()) == 0


def test_quantiles_and_ccdf_leave_out_what_is_not_known() -> None:
    values = np.array([3.0, np.nan, 1.0, 1.0])
    assert quantiles(values)["median"] == 1
    x, share = ccdf(values)
    assert x.tolist() == [1, 3]
    np.testing.assert_allclose(share, [1, 1 / 3])
