"""Movement traces of ns-2 (BonnMotion and SUMO write them too) under the disc model: nodes nearer than a range are
linked.

    $node_(0) set X_ 150.0
    $node_(0) set Y_ 93.98
    $ns_ at 0.5 "$node_(0) setdest 170.0 110.0 50.4"

The range is `Options.range_m`; without it that of this project's own radio (see RANGE_M). Links begin and end at the
instants at which a pair crosses it. The nodes table has all places every `Options.step_s`. Looked at is the time from 0
until the last node stands still, or the window asked for; links that hold at its end end there. Where nothing ever
moves they hold on. `testbed.session.moving` asks ns-3's radio instead of a disc.

Unlike `network.mobility_file`, which is strict, this reader takes what files in the wild have: times of a node that go
back, several lines of a node at one time, commands that are none of movement, parking at 1e9 m/s.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.movement import Move, Node, Place, Unknown, legs, statement
from testbed.trace.format import OPEN_NS, LinkRows, NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.disc import Contacts, Ways, contacts, nanoseconds
from testbed.trace.imports.intervals import links_of
from testbed.trace.imports.lines import blocks, numbered, refusal
from testbed.trace.imports.maps import seen_at
from testbed.trace.imports.names import NODES

NAME = "ns2"
ABOUT = 'ns-2 movement: `$node_(N) set X_ v` and `$ns_ at T "$node_(N) setdest X Y SPEED"`'
MOVEMENT = re.compile(r"^[ \t]*(\$node_\(\d+\)\s+set\s|\$ns_\s+at\s+\S+\s+\"\s*\$node_\()", re.MULTILINE)
RANGE_M = 51.4
"""How far 24 Mb/s reaches under the default loss: 16.02 dBm are sent, 46.68 dB are lost on the first metre and 30 dB on
every tenfold of it, and a preamble is detected down to -82 dBm, at which a frame at 24 Mb/s is decoded too
(`docs/radio.md`): 10 ** ((16.02 - 46.68 + 82) / 30) m."""
JUMP_MPS = 1e6
"""A node as fast as that is being put somewhere."""
COMMAND = re.compile(r"\s*(\$(ns_|node_|god_|opt|topo|val|[a-z_]+\()|set\s).*")
"""Of Tcl, what scenario generators write beside movement: `switch OFF`, `set opt(x)`, `$node_(N) random-motion`, ..."""
MOST = 4e9
"""No place is farther off (metres), no time later (seconds)."""
MOST_MOVES = 2_000_000
MOST_PLACES = 10_000_000
"""Rows of the nodes table."""


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    return MOVEMENT.search(head) is not None


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file. Raises UserError, with file and line, for what is no such file."""
    range_m = RANGE_M if options.range_m is None else options.range_m
    if not (isfinite(range_m) and range_m > 0 and isfinite(options.step_s) and options.step_s > 0):
        raise UserError(f"{path}: range ({range_m} m) and step ({options.step_s} s) should be above 0.")
    nodes = read_nodes(path, report)
    ways = [legs(node) for node in nodes.values()]
    instants = instants_of(path, ways, options)
    coarse = [*instants[: -1 : _stride(ways, range_m, options.step_s)], instants[-1]]
    found = [part for part in contacts(Ways(ways, coarse[0]), range_m, coarse) if len(part.a)]
    still = all(not each[:, 3:].any() for each in ways)
    moves = [move for node in nodes.values() for move in node.moves]
    said = {
        "model": "disc",
        "range_m": range_m,
        "moves": len(moves),
        "last_move_s": max((move.at_s for move in moves), default=0.0),
    }
    return Found(tuple(map(str, nodes)), _links(found, still, report), places_at(ways, instants), said)


def read_nodes(path: Path, report: Report) -> dict[int, Node]:
    """What the file says of each node, by id, ascending; its moves sorted by time. Raises UserError, with file and
    line, for what is no such file."""
    nodes: defaultdict[int, Node] = defaultdict(Node)
    moves = 0
    for line, text in (each for block in blocks(path) if block.text.strip() for each in numbered(block)):
        try:
            said = statement(text)
        except Unknown as complaint:
            if not _is_command(text):
                raise refusal(path, line, str(complaint)) from None
            report.rejected("other_command")
            continue
        except ValueError as complaint:
            raise refusal(path, line, str(complaint)) from None
        if said is None:
            continue
        if not _in_bounds(said[1]):
            raise refusal(path, line, f"a place or a time is beyond all bounds ({MOST:g} m or s)")
        node = nodes[said[0]]
        if isinstance(said[1], Place):
            node.start[said[1].axis] = said[1].metres
        else:
            node.moves.append(said[1])
            moves += 1
        if len(nodes) > NODES or moves > MOST_MOVES:
            raise refusal(path, line, f"more than {NODES:,} nodes or {MOST_MOVES:,} moves: split the file")
    if not nodes:
        raise UserError(f"{path} holds no node: there is no line `$node_(N) set X_`.")
    for id_, node in nodes.items():
        if not node.has_start:
            raise UserError(f"{path} does not say where node {id_} starts (set X_ and set Y_).")
        node.moves = _in_order(node.moves, report)
        report.mended("height", "left out: places are in the plane", int(node.start.get("Z", 0.0) != 0))
    return dict(sorted(nodes.items()))


def instants_of(path: Path, ways: Sequence[NDArray[np.float64]], options: Options) -> list[float]:
    """When to look: every step, from 0 (or the window's start) until nothing moves any more (or the window's end)."""
    from_s = max(0.0, options.from_s or 0.0)
    to_s = max(float(each[-1, 0]) for each in ways) if options.to_s is None else options.to_s
    to_s = to_s if to_s > from_s else from_s + options.step_s
    if not to_s < MOST:
        raise UserError(f"{path}: nodes move until {to_s:g} s: state an end (--to).")
    steps = int(np.ceil((to_s - from_s) / options.step_s)) + 1
    if steps * len(ways) > MOST_PLACES:
        raise UserError(
            f"{path}: {len(ways)} nodes for {to_s - from_s:g} s, every {options.step_s:g} s, are more than "
            f"{MOST_PLACES:,} places: state a longer step or a window (--step, --from, --to)."
        )
    return [min(from_s + options.step_s * step, to_s) for step in range(steps)]


def places_at(ways: Sequence[NDArray[np.float64]], instants: Sequence[float]) -> NodeRows:
    """Where all nodes are at each instant."""
    moving, metres = Ways(ways, instants[0]), np.empty((len(instants), len(ways), 2))
    for step, at_s in enumerate(instants):
        moving.pass_to(at_s)
        metres[step] = moving.places(moving.now, at_s)
    nodes = np.tile(np.arange(len(ways), dtype=np.int32), len(instants))
    return seen_at(np.repeat(nanoseconds(np.array(instants)), len(ways)), nodes, metres.reshape(-1, 2))


def _stride(ways: Sequence[NDArray[np.float64]], range_m: float, step_s: float) -> int:
    """How many steps to look for contacts in at once, which changes no contact: most nodes get half the range far."""
    speeds = np.hypot(*np.concatenate(ways)[:, 3:].T)
    usual_mps = float(np.quantile(speeds[speeds > 0], 0.9)) if speeds.any() else 0.0
    return int(min(max(1.0, range_m / 2 / max(usual_mps, 1e-9) / step_s), 1000.0))


def _links(found: Sequence[Contacts], still: bool, report: Report) -> LinkRows:
    a, b, start_ns, end_ns = np.concatenate([np.empty((4, 0), np.int64), *map(np.array, found)], axis=1)
    return links_of(report, a, b, start_ns, np.full(len(a), OPEN_NS) if still else end_ns, directed=False)


def _is_command(text: str) -> bool:
    """Whether the line is a whole command to ns-2 that has nothing to do with movement."""
    return "setdest" not in text and bool(COMMAND.fullmatch(text))


def _in_bounds(said: Place | Move) -> bool:
    numbers = (said.metres,) if isinstance(said, Place) else (said.at_s, said.x_m, said.y_m)
    return max(map(abs, numbers)) <= MOST


def _in_order(moves: list[Move], report: Report) -> list[Move]:
    """Sorted by time; of several at one time the last in the file."""
    report.mended("out_of_order", "sorted", sum(b.at_s < a.at_s for a, b in pairwise(moves)))
    report.mended("jump", "taken as they are", sum(move.speed_mps >= JUMP_MPS for move in moves))
    ordered = sorted(moves, key=lambda move: move.at_s)
    last = list({move.at_s: move for move in ordered}.values())
    report.rejected("same_time", len(moves) - len(last), "left out: the node's later line for that time holds")
    return last
