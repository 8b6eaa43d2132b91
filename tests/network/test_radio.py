"""The radio against the standard's arithmetic and Bianchi's model; `testbed bench radio` measures it for longer."""

import pytest

from testbed.bench.radio import attempt, cell_frames_per_s, frame_us, simulated_frames_per_s


@pytest.mark.parametrize("unicast", [True, False], ids=["unicast", "broadcast"])
@pytest.mark.parametrize("mbps", [6, 54])
def test_one_sender_is_as_fast_as_the_standard_says(engine: None, mbps: int, unicast: bool) -> None:
    simulated = simulated_frames_per_s(1, mbps, unicast, 2.0)
    assert simulated == pytest.approx(1e6 / frame_us(mbps, unicast), rel=0.01)


@pytest.mark.parametrize("senders", [2, 10])
def test_senders_in_one_cell_share_it_as_bianchi_says(engine: None, senders: int) -> None:
    assert simulated_frames_per_s(senders, 24, True, 2.0) == pytest.approx(cell_frames_per_s(senders, 24), rel=0.05)


def test_the_standards_arithmetic() -> None:
    # 1400 bytes in 1436 of MAC frame: 20 + 4 ceil(11510 / 24) us; ACK of 14 bytes: 20 + 4 ceil(134 / 24) us
    assert frame_us(6, unicast=True) == 34 + 67.5 + (20 + 4 * 480) + 16 + (20 + 4 * 6)
    assert frame_us(54, unicast=False) == 34 + 67.5 + (20 + 4 * 54)


def test_bianchis_model() -> None:
    assert attempt(1) == pytest.approx(2 / 17)  # nobody to collide with: a mean of 7.5 slots, and the one it sends in
    taus = [attempt(senders) for senders in (1, 2, 5, 10, 20)]
    assert taus == sorted(taus, reverse=True)
    # one sender never collides: Bianchi's slots give back the time between its frames
    assert cell_frames_per_s(1, 24) == pytest.approx(1e6 / frame_us(24, unicast=True), rel=1e-9)
