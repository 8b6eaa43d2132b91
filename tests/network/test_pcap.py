"""Captures of the live air: every frame that a device sends or hears, and no change to what happens."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.errors import UserError
from testbed.exchange import Exchange, Outbox
from testbed.network.ns3 import Ns3Network
from testbed.scenario import Scenario, parse
from tests.needs import ENGINE

pytestmark = ENGINE
RADIOTAP = 127
"""Link type of frames with a radiotap header."""


def scenario(pcap: Path | None, **network: Any) -> Scenario:
    """Three devices that all hear each other."""
    output = {"pcap": str(pcap)} if pcap else {}
    air = {"side_m": 20.0, "mobility": "static", **network}
    return parse({"run": {"seed": 2}, "devices": {"count": 3}, "network": air, "output": output})


def carried(pcap: Path | None) -> Exchange:
    network = Ns3Network(scenario(pcap))
    try:
        return network.exchange(0, 0, Outbox.of(src=[0, 1, 2], dst=[-1] * 3, size_bytes=[3000] * 3, ready_ns=[0] * 3))
    finally:
        network.close()


def frames(file: Path) -> Iterator[tuple[int, bytes]]:
    """Time in microseconds and bytes of each frame of a capture, as the format says (libpcap 2.4)."""
    raw = file.read_bytes()
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHiIII", raw)
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, RADIOTAP)
    at = 24
    while at < len(raw):
        seconds, micros, kept, _ = struct.unpack_from("<IIII", raw, at)
        yield seconds * 1_000_000 + micros, raw[at + 16 : at + 16 + kept]
        at += 16 + kept


def test_a_capture_holds_every_frame_sent_and_heard_in_order_of_time(tmp_path: Path) -> None:
    exchange = carried(tmp_path / "caps")
    sent = exchange.devices.frames
    for device in range(3):
        times = [time for time, _ in frames(tmp_path / "caps" / f"device-{device}.pcap")]
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] <= exchange.closed_ns // 1000
        assert sent[device] < len(times) <= sent.sum()  # frames that meet in the air are heard by nobody


def test_capturing_changes_nothing(tmp_path: Path) -> None:
    assert carried(tmp_path / "caps") == carried(None)


def test_captures_that_are_there_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "device-0.pcap").write_bytes(b"mine")
    with pytest.raises(UserError, match="holds captures already"):
        Ns3Network(scenario(tmp_path))
    assert (tmp_path / "device-0.pcap").read_bytes() == b"mine"
