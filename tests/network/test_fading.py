"""Nakagami fading: its distribution, and on what a draw depends. `test_culling` has both channels under it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from testbed.exchange import ALL_NEIGHBOURS, Outbox

SECOND = 1_000_000_000
DEVICES = 30
LOSS_DB = 50.0
NOISE_DBM = 10 * np.log10(1.380649e-23 * 290 * 20e6) + 30 + 7  # thermal, and ns-3's noise figure
MEAN_SNR = 10 ** ((16.0206 - LOSS_DB - NOISE_DBM) / 10)
NOTHING = Outbox([], [], [], [])
ALIKE: dict[str, Any] = {
    "loss": {"model": "ns3::MatrixPropagationLossModel", "losses_db": [[LOSS_DB] * DEVICES] * DEVICES},
    "hellos": 1,
    "hello_s": 5.0,  # so long that hellos seldom meet
    "fading": "nakagami",
}


def gains(live: Any, m: float, rounds: int = 3) -> NDArray[np.float64]:
    """[round, src, dst]: by how much each hello was louder than its mean, from the SNR of the one hello; NaN: lost."""
    network = live(DEVICES, **ALIKE, nakagami_m=m)
    drawn = np.full((rounds, DEVICES, DEVICES), np.nan)
    for round_ in range(rounds):
        links = network.exchange(round_, round_ * 10 * SECOND, NOTHING).links
        drawn[round_, links.src, links.dst] = 10 ** (links.snr_db / 10) / MEAN_SNR
    return drawn


@pytest.mark.parametrize("m", [0.5, 1.0, 3.5])
def test_the_power_is_gamma_distributed_with_an_unchanged_mean(live: Any, m: float) -> None:
    drawn = gains(live, m)
    heard = drawn[~np.isnan(drawn)]
    assert len(heard) > 0.98 * 3 * DEVICES * (DEVICES - 1)  # hellos that meet are lost; their fading plays no part
    assert stats.kstest(heard, stats.gamma(m, scale=1 / m).cdf).pvalue > 0.01
    assert heard.mean() == pytest.approx(1, abs=4 * np.sqrt(1 / m / len(heard)))


def test_links_and_frames_fade_apart(live: Any) -> None:
    drawn = np.nan_to_num(gains(live, 1.0), nan=1.0)
    there, back, later = drawn[0], drawn[0].T, drawn[1]
    off = ~np.eye(DEVICES, dtype=bool)
    for other in (back, later, np.roll(there, 1, axis=0), np.roll(there, 1, axis=1)):
        assert abs(np.corrcoef(there[off], other[off])[0, 1]) < 4 / np.sqrt(off.sum())


def test_traffic_does_not_change_the_fading(live: Any) -> None:
    everyone = Outbox(np.arange(DEVICES), [ALL_NEIGHBOURS] * DEVICES, [20_000] * DEVICES, [0] * DEVICES)
    silent, busy = (live(DEVICES, **ALIKE, deadline_s=20.0) for _ in range(2))
    assert silent.exchange(0, 0, NOTHING).links == busy.exchange(0, 0, everyone).links
    opened = 30 * SECOND
    assert silent.exchange(1, opened, NOTHING).links == busy.exchange(1, opened, NOTHING).links


def test_another_seed_fades_otherwise(live: Any) -> None:
    first, second = (live(DEVICES, seed=seed, **ALIKE).exchange(0, 0, NOTHING).links for seed in (1, 2))
    assert not np.isin(first.snr_db, second.snr_db).any()
