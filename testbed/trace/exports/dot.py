"""DOT, the language of Graphviz: nodes are n0, n1, ... with their names as labels, and places for `neato -n`."""

from collections.abc import Iterator

from testbed.trace.exports.snapshots import Snapshot

SHOWN = ("delivery", "share", "snr_db", "rate_bps", "latency_ns")


def pieces(snapshot: Snapshot) -> Iterator[bytes]:
    """The file. Edges that are there both ways alike are two edges."""
    yield b"digraph trace {\n"
    for number, (name, place) in enumerate(snapshot.nodes()):
        where = f', pos="{place["x_m"]!r},{place["y_m"]!r}"' if place else ""
        yield f"  n{number} [label={quoted(name)}{where}];\n".encode()
    for src, dst, known in snapshot.edges():
        said = ", ".join(f"{name}={known[name]!r}" for name in SHOWN if name in known)
        yield f"  n{src} -> n{dst} [{said}];\n".encode()
    yield b"}\n"


def quoted(text: str) -> str:
    """A string of DOT that shows just this text: no escape is left to Graphviz, and no control character stays."""
    shown = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
