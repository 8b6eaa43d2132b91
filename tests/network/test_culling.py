"""The culled channel against ns3's own: every row of every exchange the same, to the nanosecond, with fewer events."""

from typing import Any

import numpy as np
import pytest

from testbed.exchange import ALL_NEIGHBOURS, Absences, Exchange, Outbox

SECOND = 1_000_000_000
DEVICES = 40
WIDE = {"side_m": 700.0, "repair": "none", "load": 1.0}
"""Half of the pairs are out of each other's earshot (about 220 m), and frames meet."""

LOG_DISTANCE = {"model": "ns3::LogDistancePropagationLossModel", "Exponent": 3.0}
LOUDER = LOG_DISTANCE | {"Exponent": -3.0, "ReferenceLoss": 183.0}
ANY = {"model": "ns3::RandomPropagationLossModel", "Variable": "ns3::UniformRandomVariable[Min=60|Max=180]"}
WALL = {"model": "ns3::RangePropagationLossModel", "MaxRange": 150.0}


def matrix() -> dict[str, Any]:
    """Losses on both sides of what can be noticed (117 dB), not the same in both directions."""
    losses = np.random.default_rng(7).uniform(60, 180, (DEVICES, DEVICES))
    return {"model": "ns3::MatrixPropagationLossModel", "losses_db": losses.tolist()}


def play(network: Any, rounds: int = 2) -> list[Exchange]:
    """Rounds in which everybody sends 9 kB, with a minute in between for those that move."""
    opened = 0
    exchanges = []
    for round_ in range(rounds):
        outbox = Outbox(np.arange(DEVICES), [ALL_NEIGHBOURS] * DEVICES, [9000] * DEVICES, [opened] * DEVICES)
        exchanges.append(network.exchange(round_, opened, outbox))
        opened = exchanges[-1].closed_ns + 60 * SECOND
    return exchanges


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"mobility": "static"}, id="static"),
        pytest.param({"mobility": "redraw"}, id="redraw"),
        pytest.param({"mobility": "random-waypoint", "speed_mps": (20.0, 60.0)}, id="fast walks"),
        pytest.param({"mobility": "gauss-markov", "speed_mps": (20.0, 60.0)}, id="Gauss-Markov"),
        pytest.param({"mobility": "static", "loss": matrix()}, id="matrix"),
        pytest.param({"mobility": "redraw", "loss": [LOG_DISTANCE, WALL]}, id="chain"),
        pytest.param({"mobility": "redraw", "fading": "nakagami"}, id="Rayleigh"),
        pytest.param({"mobility": "random-waypoint", "fading": "nakagami", "nakagami_m": 0.5}, id="fading walks"),
        pytest.param({"mobility": "static", "fading": "nakagami", "loss": matrix()}, id="fading matrix"),
        pytest.param({"loss": [LOG_DISTANCE, {"model": "ns3::NakagamiPropagationLossModel"}]}, id="random by ns-3"),
        pytest.param({"loss": ANY}, id="random loss"),
        pytest.param({"loss": LOUDER, "mobility": "random-waypoint"}, id="louder with distance"),
        pytest.param({"rate": "ns3::MinstrelWifiManager", "repair": "fountain"}, id="rate manager"),
    ],
)
def test_every_row_is_that_of_the_stock_channel(live: Any, keys: dict[str, Any]) -> None:
    stock, culled = (live(DEVICES, **WIDE | keys | {"channel": channel}) for channel in ("stock", "culled"))
    theirs, ours = play(stock), play(culled)
    assert ours == theirs
    assert any(len(exchange.links) for exchange in theirs)
    assert culled.events < stock.events


def test_devices_that_are_away_hear_nothing_on_either_channel(live: Any) -> None:
    absences = Absences([1, 2], [SECOND // 2, 0], [3 * SECOND, SECOND])
    outbox = Outbox(np.arange(DEVICES), [ALL_NEIGHBOURS] * DEVICES, [9000] * DEVICES, [0] * DEVICES)
    stock, culled = (
        live(DEVICES, **WIDE, channel=channel).exchange(0, 0, outbox, absences) for channel in ("stock", "culled")
    )
    assert culled == stock


def test_a_round_does_not_depend_on_where_devices_were_before(live: Any) -> None:
    whole = live(DEVICES, **WIDE, mobility="redraw")
    first, second = play(whole)
    outbox = Outbox([0], [ALL_NEIGHBOURS], [0], [0])
    fresh = live(DEVICES, **WIDE, mobility="redraw").exchange(1, second.opened_ns, outbox)
    assert first.links != second.links == fresh.links
