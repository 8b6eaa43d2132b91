"""The air under a replay of links, against what can be had on paper."""

import math

import numpy as np
import pytest

from testbed.exchange import Cause, Exchange
from testbed.network.links.frame import Frame
from testbed.network.links.radio import ACCESS_NS, DETECTED, HALF_BYTES, HALF_DB, NOISE_DBM, PREAMBLE_NS, Radio
from tests.network import air
from tests.network.links import SECOND, WIFI, always, both, carry, complete, recorded_trace

SATURATED = {"load": 10, "repair": "none"}
"""So short gaps that the next frame waits whenever one is on the air."""

FRAME = 21 + 1472


def frames(exchange: Exchange, src: int = 0) -> int:
    rows = exchange.deliveries
    return int(rows.frames[rows.src == src][0])


def lasts_s(exchange: Exchange) -> float:
    return (exchange.closed_ns - exchange.opened_ns) / 1e9


@pytest.mark.parametrize("mbps", air.BITS_PER_SYMBOL)
@pytest.mark.parametrize("size", [0, 21, 1493])
def test_a_frame_lasts_as_the_standard_says(mbps: int, size: int) -> None:
    assert Radio(True).frame_ns(size, mbps * 1_000_000) == air.frame_ns(mbps, size)


def test_a_frame_of_another_radio_lasts_its_bits_over_the_rate() -> None:
    assert Radio(False).frame_ns(125, 250_000) == 4_000_000


def test_a_saturated_sender_has_the_time_per_frame_of_802_11() -> None:
    count = 400
    trace = recorded_trace(2, complete(2), network=WIFI)
    exchange = carry(trace, {0: count * 1472}, **SATURATED)
    assert exchange.deliveries.cause.tolist() == [Cause.ARRIVED]
    frame_ns = air.frame_ns(24, FRAME)
    data_ns = exchange.closed_ns - 1 * SECOND
    assert data_ns / count == pytest.approx(frame_ns + ACCESS_NS, rel=0.02)
    assert exchange.devices.airtime_ns[0] == count * frame_ns + 5 * frame_ns
    assert exchange.devices.frames.tolist() == [count + 5, 5]


def test_one_sender_is_paced_by_its_load() -> None:
    count = 1500
    exchange = carry(always(*complete(2), devices=2), {0: count * 1472}, load=0.1, repair="none", rate="24Mbps")
    gap_s = 2 * (ACCESS_NS + FRAME * 8 / 24e-3) / 0.1 / 1e9
    assert lasts_s(exchange) == pytest.approx(count * gap_s, rel=0.1)


def test_senders_in_range_of_each_other_share_the_air() -> None:
    """Each begins in a slot with chance 1 / (7.5 + 1), and what begins in one slot goes on together (Bianchi, m = 0).

    Those that hear a collision wait EIFS, and the last frames are not of four: so it lasts a little longer.
    """
    senders, count, begins = 4, 400, 1 / 8.5
    sizes = dict.fromkeys(range(senders), count * 1472)
    links = [(device, senders) for device in range(senders)] + complete(senders)
    exchange = carry(always(*links, devices=senders + 1), sizes, **SATURATED)
    busy = 1 - (1 - begins) ** senders
    turn_us = FRAME * 8 / 24 + 34 + 9 * (1 - busy) / busy
    assert lasts_s(exchange) == pytest.approx(senders * count / (senders * begins / busy) * turn_us / 1e6, rel=0.06)


def test_hidden_terminals_destroy_each_others_frames() -> None:
    sizes = {0: 200 * 1472, 2: 200 * 1472}
    hidden = carry(always(*both((0, 1), (1, 2)), devices=3), sizes, load=1.0)
    in_range = carry(always(*complete(3), devices=3), sizes, load=1.0)
    assert hidden.deliveries.arrived.all()
    assert frames(in_range) < 1.15 * 200
    # Each of the two sends a third of the time or more: a frame is lost if the other begins while it lasts, or before.
    assert frames(hidden) > 1.5 * 200


def test_a_stronger_frame_survives_a_weaker_one_and_not_the_reverse() -> None:
    """Devices 0 and 2 do not hear each other; 1 hears both, 0 from 5 m and 2 from 47 m."""
    trace = recorded_trace(3, both((0, 1), (1, 2)), network=WIFI, places=[(0, 0), (5, 0), (52, 0)])
    exchange = carry(trace, {0: 200 * 1472, 2: 200 * 1472}, load=1.0)
    assert frames(exchange, 0) < 0.85 * frames(exchange, 2)


def test_what_nobody_can_understand_disturbs_all_the_same() -> None:
    """Device 2 is 60 m from the receiver 1: no link, no carrier sense, 4 dB above a link of 49 m."""
    trace = recorded_trace(4, both((0, 1), (2, 3)), network=WIFI, places=[(0, 0), (49, 0), (109, 0), (114, 0)])
    alone = frames(carry(trace, {0: 200 * 1472}, load=2.0))
    beside = frames(carry(trace, {0: 200 * 1472, 2: 600 * 1472}, load=2.0))
    nowhere = recorded_trace(4, both((0, 1), (2, 3)), network=WIFI)
    assert beside > 1.5 * alone
    assert frames(carry(nowhere, {0: 200 * 1472, 2: 600 * 1472}, load=2.0)) < 1.1 * alone


def test_rayleigh_fading_loses_what_falls_below_detection() -> None:
    """A link of 45 m has 1.6 dB to spare: a share of exp(-10^-0.16) of the frames is detected, and so understood."""
    mean_db = 16.0206 - 46.6777 - 30 * math.log10(45) - NOISE_DBM
    detected = math.exp(-DETECTED / 10 ** (mean_db / 10))
    faded = WIFI | {"fading": "nakagami", "nakagami_m": 1.0}
    trace = recorded_trace(2, complete(2), network=faded, places=[(0, 0), (45, 0)])
    assert frames(carry(trace, {0: 400 * 1472})) / 400 == pytest.approx(1 / detected, rel=0.12)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.25])
def test_a_delivery_share_of_p_costs_one_over_p(share: float) -> None:
    count = 400
    exchange = carry(always(*complete(2), devices=2, delivery=share), {0: count * 1472})
    assert exchange.deliveries.cause.tolist() == [Cause.ARRIVED]
    assert frames(exchange) / count == pytest.approx(1 / share, rel=0.12)


def test_half_of_the_frames_are_lost_where_the_table_says_so() -> None:
    rate_bps, bytes_ = 24_000_000, HALF_BYTES
    frame = Frame(0, bytes_, rate_bps)
    frame.begins_ns, frame.ends_ns = 0, PREAMBLE_NS + round(bytes_ * 8e9 / rate_bps)
    frame.row = np.array([0.0, 10 ** (HALF_DB[24] / 10)])
    frame.who = np.array([1])
    assert np.exp(-frame.errors(Radio(True).error_scale(rate_bps)))[0] == pytest.approx(0.5, rel=1e-3)


def test_only_the_stretch_that_is_disturbed_counts() -> None:
    """A rival over a half of the payload, at the noise that loses half of a whole frame: the root of one half."""
    scale, end_ns = Radio(True).error_scale(24_000_000), PREAMBLE_NS + round(HALF_BYTES * 8e9 / 24e6)
    frame, rival = Frame(0, HALF_BYTES, 24_000_000), Frame(1, HALF_BYTES, 24_000_000)
    frame.begins_ns, frame.ends_ns, frame.who = 0, end_ns, np.array([2])
    rival.begins_ns, rival.ends_ns = (PREAMBLE_NS + end_ns) // 2, 2 * end_ns
    frame.row, rival.row = np.array([0, 0, 1e4]), np.array([0, 0, 1e4 / 10 ** (HALF_DB[24] / 10) - 1])
    frame.rivals = [rival]
    assert np.exp(-frame.errors(scale))[0] == pytest.approx(np.sqrt(0.5), rel=1e-3)


def test_latency_comes_after_the_last_frame() -> None:
    near = carry(always(*complete(2), devices=2), {0: 5000})
    far = carry(always(*complete(2), devices=2, latency_ns=3_000_000), {0: 5000})
    assert far.deliveries.arrived_ns[0] - near.deliveries.arrived_ns[0] == 3_000_000


def test_a_link_has_its_own_rate() -> None:
    slow = carry(always(*complete(2), devices=2, rate_bps=250_000), {0: 1472}, repair="none")
    assert slow.devices.airtime_ns[0] == FRAME * 8 * 4000
