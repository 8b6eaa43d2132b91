"""Films for NetAnim, ns-3's animator: the XML that `AnimationInterface` of ns-3 3.44 writes (netanim-3.109).

The elements, as that class writes them and NetAnim reads them: `node` (id, sysId, locX, locY); `nu`, an update of a
node at second `t`: p="p" its place, p="c" its colour, p="d" its description, p="s" its size; and `p`, a packet: first
and last bit sent, fbTx and lbTx, first and last bit received, fbRx and lbRx. NetAnim moves such a packet along its way,
while the wireless ones of its own, `wpr`, flash up as arrows, which suits frames but no message of a second.
"""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

import numpy as np

from testbed.report.places import places
from testbed.report.recording import Recording

VERSION = "netanim-3.109"
HERE, AWAY = (0, 114, 178), (200, 200, 200)


def film(recording: Recording, rounds: Sequence[int]) -> str:
    """The document: places when a round opens, messages from their first frame until they have arrived whole.

    Lost messages are not in it, nor are links, which NetAnim cannot take away again.
    """
    lines = [f'<anim ver="{VERSION}" filetype="animation" >']
    lines += [_element(*each) for each in _elements(recording, rounds)]
    return "\n".join([*lines, "</anim>", ""])


def _elements(recording: Recording, rounds: Sequence[int]) -> Iterator[tuple[str, dict[str, object]]]:
    where = places(recording, rounds).at
    where = {round_: each * (1, -1) + 0.0 for round_, each in where.items()}  # NetAnim draws the y axis downwards
    first = where[rounds[0]]
    size = max(float(np.ptp(first)) / 40, 1e-3)
    for device, (x, y) in enumerate(first):
        yield "node", {"id": device, "sysId": 0, "locX": f"{x:.6g}", "locY": f"{y:.6g}"}
        yield "nu", {"p": "d", "t": 0, "id": device, "descr": str(device)}
        yield "nu", {"p": "s", "t": 0, "id": device, "w": f"{size:.6g}", "h": f"{size:.6g}"}
    for round_ in rounds:
        yield from _round(recording, round_, where[round_])


def _round(recording: Recording, round_: int, where: np.ndarray) -> Iterator[tuple[str, dict[str, object]]]:
    exchange = recording.exchanges[round_]
    opened = _seconds(exchange.opened_ns)
    for device, (x, y) in enumerate(where):
        yield "nu", {"p": "p", "t": opened, "id": device, "x": f"{x:.6g}", "y": f"{y:.6g}"}
        red, green, blue = AWAY if exchange.devices.away_ns[device] else HERE
        yield "nu", {"p": "c", "t": opened, "id": device, "r": red, "g": green, "b": blue}
    rows = exchange.deliveries
    for row in np.lexsort((rows.dst, rows.src, rows.started_ns)):
        if rows.arrived[row]:
            sent, arrived = _seconds(rows.started_ns[row]), _seconds(rows.arrived_ns[row])
            said = f"round {round_}: {rows.size_bytes[row]} bytes"
            ends = {"fId": rows.src[row], "fbTx": sent, "lbTx": arrived, "meta-info": said}
            yield "p", {**ends, "tId": rows.dst[row], "fbRx": arrived, "lbRx": arrived}


def _seconds(at_ns: int) -> str:
    return f"{at_ns / 1e9:.9g}"


def _element(name: str, attributes: dict[str, object]) -> str:
    return f"<{name} {' '.join(f'{key}={quoteattr(str(value))}' for key, value in attributes.items())} />"
