"""What all maps have in common: a set of nodes and links that hold from 0 on, and perhaps places on the earth."""

from collections.abc import Iterable, Mapping
from math import cos, hypot, isfinite, radians
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import NO_ROUND, NodeRows
from testbed.trace.imports.names import NODES, fault, natural

EARTH_M = 6_371_009.0
"""Mean radius of the earth."""

Place = tuple[float, float]


def ordered(path: Path, ids: Iterable[str]) -> dict[str, int]:
    """Each id's number, in natural order. Raises UserError for too many, and for one that can be no name."""
    found = set(ids)
    if not found:
        raise UserError(f"{path} holds no node.")
    if len(found) > NODES:
        raise UserError(f"{path} has {len(found):,} nodes; {NODES:,} are the most.")
    for id_ in found:
        if said := fault(id_):
            raise UserError(f"{path}: {said}.")
    return {id_: number for number, id_ in enumerate(sorted(found, key=natural))}


def on_earth(degrees: Mapping[int, Place]) -> dict[int, Place]:
    """Latitude and longitude as metres east and north of the south-western corner of all.

    Equirectangular about the mean latitude: distances within a town are right to some 0.1 %.
    """
    if not degrees:
        return {}
    latitudes, longitudes = zip(*degrees.values(), strict=True)
    shrink = cos(radians(sum(latitudes) / len(latitudes)))
    return {
        node: (
            radians(longitude - min(longitudes)) * EARTH_M * shrink,
            radians(latitude - min(latitudes)) * EARTH_M,
        )
        for node, (latitude, longitude) in degrees.items()
    }


def degrees_of(latitude: Any, longitude: Any) -> Place | None:
    """The pair, if it is a place on the earth."""
    pair = (latitude, longitude)
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in pair):
        return None
    if not all(map(isfinite, pair)) or abs(latitude) > 90 or abs(longitude) > 180 or hypot(*pair) == 0:
        return None
    return float(latitude), float(longitude)


def standing(places: Mapping[int, Place]) -> NodeRows:
    """The places that are known, at time 0."""
    nodes = np.array(sorted(places), np.int32)
    metres = np.array([places[node] for node in nodes.tolist()], np.float64).reshape(-1, 2)
    return seen_at(np.zeros(len(nodes), np.int64), nodes, metres)


def seen_at(times_ns: NDArray[np.int64], nodes: NDArray[np.int32], metres: NDArray[np.float64]) -> NodeRows:
    """Rows of places alone: nothing of what nodes spent is known."""
    nothing = np.zeros(len(nodes), np.int64)
    return NodeRows.of(
        round=np.full(len(nodes), NO_ROUND),
        t_ns=times_ns,
        node=nodes,
        airtime_ns=nothing,
        frames=nothing,
        retries=nothing,
        energy_j=np.full(len(nodes), np.nan),
        away_ns=nothing,
        x_m=metres[:, 0],
        y_m=metres[:, 1],
    )
