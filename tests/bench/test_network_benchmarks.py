"""The benchmarks of the network, made small: they run, and have the keys that others read."""

from typing import Any

import pytest

from testbed.bench import overlap, replay, scaling
from testbed.bench.culling import culling
from testbed.network.links import LinksNetwork
from tests.needs import ENGINE

pytestmark = ENGINE


def test_culling_compares_the_same_rows() -> None:
    measured = culling(devices=12)
    assert measured["identical"]
    assert measured["speedup"] == pytest.approx(measured["stock_s"] / measured["culled_s"])


def test_scaling_fits_an_exponent(monkeypatch: Any) -> None:
    monkeypatch.setattr(scaling, "DEVICES", (5, 10))
    monkeypatch.setattr(scaling, "ROUNDS", 1)
    measured = scaling.scaling()
    assert measured["10"]["events"] > measured["5"]["events"]
    assert {"exponent", "peak_rss_gb"} <= set(measured)
    assert 0 < measured["peak_rss_gb"] < 1


def test_overlap_times_both_halves_and_the_whole(monkeypatch: Any) -> None:
    monkeypatch.setattr(overlap, "TURNS", 1)
    monkeypatch.setattr(overlap, "ROUNDS", 1)
    monkeypatch.setattr(overlap, "WORKLOADS", {"network": 8})
    measured = overlap.overlap()
    halves = measured["network"]
    assert measured["ratio"] == pytest.approx(halves["run_s"] / max(halves["network_s"], halves["training_s"]))
    assert halves["attainable"] >= 1


def test_a_replay_of_links_is_compared_with_what_was_recorded_live(monkeypatch: Any) -> None:
    monkeypatch.setattr(replay, "ROUNDS", 2)
    monkeypatch.setattr(replay, "DEVICES", 8)
    trace = replay.recorded(30.0)
    assert replay.is_exact(trace)
    links, _ = replay.carried(LinksNetwork(trace, replay.scenario("replay", replay="links")), replay.SIZES["x1"])
    measured = replay.compared(list(trace.exchanges), links)
    assert measured["round_error"] < 0.3
    assert (measured["kept"], measured["added"]) == (1, 0)
    assert measured["frames_ratio"] == pytest.approx(1, abs=0.1)
