"""Movement traces as ns-2, BonnMotion and SUMO write them: read, checked, and turned into straight legs.

    $node_(0) set X_ 150.0
    $node_(0) set Y_ 93.98
    $ns_ at 0.5 "$node_(0) setdest 170.0 110.0 50.4"

Metres, seconds, metres per second. A node stands where it starts, heads for each destination from where it then is, and
stands there once it has arrived; speed 0 stops it. Of several destinations of a node at one time the last one holds.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot, inf, isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError

END = r"\s*(;\s*(#.*)?)?"
START = re.compile(r"\s*\$node_\((\d+)\)\s+set\s+([XYZ])_\s+(\S+?)" + END)
MOVE = re.compile(r'\s*\$ns_\s+at\s+(\S+)\s+"\s*\$node_\((\d+)\)\s+setdest\s+(\S+)\s+(\S+)\s+([^\s"]+)\s*"' + END)
IDLE = re.compile(r'\s*(#.*|\$god_\s.*|\$ns_\s+at\s+\S+\s+"\s*\$god_\s.*)?')
"""Blank lines, comments, and the hop counts that ns-2's own generator adds."""


class Unknown(ValueError):
    """A line that is of no kind known here."""


class Place(NamedTuple):
    """Where a node starts, on one axis: X, Y or Z."""

    axis: str
    metres: float


class Move(NamedTuple):
    """Head for a place, from `at_s` on."""

    at_s: float
    x_m: float
    y_m: float
    speed_mps: float


@dataclass
class Node:
    """What a file says of one node."""

    start: dict[str, float] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    @property
    def has_start(self) -> bool:
        """Whether it is said where the node starts."""
        return {"X", "Y"} <= self.start.keys()


def read_ns2(path: Path) -> list[NDArray[np.float64]]:
    """The legs of each node (see `legs`) in the order of node ids, whatever gaps those have.

    Strict: raises UserError, with file and line, for all that is no such movement.
    """
    nodes: defaultdict[int, Node] = defaultdict(Node)
    for number, line in enumerate(_lines(path), 1):
        try:
            if said := statement(line):
                _add(nodes[said[0]], said[1])
        except ValueError as complaint:
            raise UserError(f"network.mobility_file: {path}, line {number}: {complaint}.") from None
    for id_, node in nodes.items():
        if not node.has_start:
            raise UserError(f"network.mobility_file: {path} does not say where node {id_} starts (set X_ and set Y_).")
    return [legs(node) for _, node in sorted(nodes.items())]


def read_places(path: Path) -> NDArray[np.float64]:
    """The rows `x_m, y_m` of a CSV file with that header. Raises UserError, with file and line, for anything else."""
    lines = _lines(path)
    if not lines or [name.strip() for name in lines[0].split(",")] != ["x_m", "y_m"]:
        raise UserError(f"network.mobility_file: {path}, line 1: the file should begin with the line x_m,y_m.")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        try:
            rows.append(_place(line))
        except ValueError as complaint:
            raise UserError(f"network.mobility_file: {path}, line {number}: {complaint}.") from None
    return np.array(rows, np.float64).reshape(-1, 2)


def _place(line: str) -> tuple[float, float]:
    x_m, comma, y_m = line.partition(",")
    if not comma or "," in y_m:
        raise ValueError(f"{line.strip()!r} should be two numbers")
    return _number(x_m), _number(y_m)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UserError(f"network.mobility_file = {str(path)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"network.mobility_file: {path} is no text file.") from None


def statement(line: str) -> tuple[int, Place | Move] | None:
    """Of which node the line says what; None for comments and the like. Raises Unknown for a line that says nothing
    known, ValueError for one that says it with numbers that cannot be."""
    if start := START.fullmatch(line):
        return _id(start[1]), Place(start[2], _number(start[3]))
    if move := MOVE.fullmatch(line):
        at_s, speed_mps = _number(move[1]), _number(move[5])
        if at_s < 0 or speed_mps < 0:
            raise ValueError("a time and a speed should be 0 or more")
        return _id(move[2]), Move(at_s, _number(move[3]), _number(move[4]), speed_mps)
    if IDLE.fullmatch(line):
        return None
    raise Unknown(f"{line.strip()[:80]!r} is neither `set X_`, `set Y_`, `set Z_` nor `setdest` of a node")


def _add(node: Node, said: Place | Move) -> None:
    if isinstance(said, Place):
        node.start[said.axis] = said.metres
        return
    if node.moves and said.at_s < node.moves[-1].at_s:
        raise ValueError(f"time goes back from {node.moves[-1].at_s:g} s to {said.at_s:g} s")
    if node.moves and said.at_s == node.moves[-1].at_s:
        node.moves.pop()
    node.moves.append(said)


def _id(text: str) -> int:
    if len(text) > 18:
        raise ValueError(f"{text[:20]}... is too large for a node id")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = inf
    if not isfinite(number):
        raise ValueError(f"{text.strip()!r} should be a finite number")
    return number


def legs(node: Node) -> NDArray[np.float64]:
    """What a node does, one row `from_s, x_m, y_m, x_mps, y_mps` a leg; its moves are in order of time."""
    x_m, y_m = node.start["X"], node.start["Y"]
    rows = [(0.0, x_m, y_m, 0.0, 0.0)]
    for move, following in pairwise([*node.moves, Move(inf, 0, 0, 0)]):
        way_m = hypot(move.x_m - x_m, move.y_m - y_m)
        if way_m == 0 or move.speed_mps == 0:
            rows.append((move.at_s, x_m, y_m, 0.0, 0.0))
            continue
        x_mps, y_mps = ((goal - here) / way_m * move.speed_mps for goal, here in ((move.x_m, x_m), (move.y_m, y_m)))
        rows.append((move.at_s, x_m, y_m, x_mps, y_mps))
        arrival_s = move.at_s + way_m / move.speed_mps
        if isfinite(arrival_s) and arrival_s <= following.at_s:
            x_m, y_m = move.x_m, move.y_m
            rows.append((arrival_s, x_m, y_m, 0.0, 0.0))
        else:
            passed_s = following.at_s - move.at_s
            x_m, y_m = x_m + x_mps * passed_s, y_m + y_mps * passed_s
    return np.array(rows, np.float64)
