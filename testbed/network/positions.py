"""Where devices are, as far as Python decides it: drawn from the seed, whatever else happens, or from files."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.movement import read_ns2, read_places
from testbed.scenario.schema import Network as Settings
from testbed.seeds import Purpose, generator

Array = NDArray[np.float64]


def positions(devices: int, seed: int, settings: Settings, side_m: float, round_: int) -> Array:
    """x, y of one device after the other, metres; nothing where devices move by themselves.

    Raises UserError for a file of places that cannot be.
    """
    if settings.mobility == "redraw":
        return generator(seed, Purpose.POSITIONS, round_).uniform(0, side_m, 2 * devices)
    if settings.mobility != "static":
        return np.empty(0)
    match settings.placement:
        case "uniform":
            return generator(seed, Purpose.POSITIONS, 0).uniform(0, side_m, 2 * devices)
        case "grid":
            return _grid(devices, side_m).ravel()
        case "disc":
            return _disc(devices, seed, side_m).ravel()
        case "file":
            places = _places(devices, settings)
            corner, factor = _fit(places, settings, side_m)
            return ((places - corner) * factor).ravel()


def courses(devices: int, settings: Settings, side_m: float) -> list[Array]:
    """The legs of each device of a movement trace (see `read_ns2`), in a square of `side_m`; none without a trace.

    The devices take the file's nodes in the order of their ids. Raises UserError for a file that cannot be.
    """
    if settings.mobility != "ns2":
        return []
    nodes = _nodes(devices, settings)
    corner, factor = _fit(np.concatenate(nodes)[:, 1:3], settings, side_m)
    return [np.column_stack([legs[:, 0], (legs[:, 1:3] - corner) * factor, legs[:, 3:] * factor]) for legs in nodes]


def own_side_m(devices: int, settings: Settings) -> float | None:
    """Side of the bounding square of places that a file states; 0 where a script states them, None where nothing does.

    Raises UserError for keys of `[network]` about places that do not fit together, and for a file that cannot be.
    """
    _check_keys(settings)
    if settings.mobility == "script":
        return 0.0
    if settings.mobility == "ns2":
        return _extent(np.concatenate(_nodes(devices, settings))[:, 1:3])
    return _extent(_places(devices, settings)) if settings.placement == "file" else None


def _grid(devices: int, side_m: float) -> Array:
    """Rows of equal squares, each device in the middle of one; the last row may have gaps."""
    columns = math.ceil(math.sqrt(devices))
    places = [(i % columns, i // columns) for i in range(devices)]
    return (np.array(places, np.float64) + 0.5) * (side_m / columns)


def _disc(devices: int, seed: int, side_m: float) -> Array:
    """Uniform in the disc of diameter `side_m`: the share of its area within a radius grows with the square of it."""
    area, share = generator(seed, Purpose.POSITIONS, 0).uniform(size=(2, devices))
    x, y = (np.sqrt(area) * wave(2 * np.pi * share) for wave in (np.cos, np.sin))
    return np.column_stack([1 + x, 1 + y]) * (side_m / 2)


def _places(devices: int, settings: Settings) -> Array:
    places = read_places(_file(settings))[:devices]
    _check_enough(len(places), devices, settings)
    return places


def _nodes(devices: int, settings: Settings) -> list[Array]:
    nodes = read_ns2(_file(settings))[:devices]
    _check_enough(len(nodes), devices, settings)
    return nodes


def _fit(places: Array, settings: Settings, side_m: float) -> tuple[Array, float]:
    """The corner and the factor that bring `places` into the square; where none is asked for they stay as they are."""
    extent = _extent(places)
    if settings.side_m is None and settings.density is None:
        return np.zeros(2), 1.0
    return np.min(places, axis=0), side_m / extent if extent > 0 else 1.0


def _extent(places: Array) -> float:
    return float(np.ptp(places, axis=0).max())


def _file(settings: Settings) -> Path:
    key = 'network.mobility = "ns2"' if settings.mobility == "ns2" else 'network.placement = "file"'
    if settings.mobility_file is None:
        raise UserError(f"{key} needs network.mobility_file.")
    return Path(settings.mobility_file)


def _check_enough(there: int, devices: int, settings: Settings) -> None:
    if there < devices:
        raise UserError(
            f"network.mobility_file: {settings.mobility_file} has {there} of the {devices} devices: "
            "lower devices.count, or give a file with more."
        )


def _check_keys(settings: Settings) -> None:
    if settings.placement != "uniform" and settings.mobility != "static":
        raise UserError(
            f'network.placement = "{settings.placement}" is for mobility = "static", not "{settings.mobility}".'
        )
    if settings.mobility_file is not None and settings.mobility != "ns2" and settings.placement != "file":
        raise UserError('network.mobility_file is for mobility = "ns2" or placement = "file".')
    if settings.mobility == "script" and settings.script is None:
        raise UserError('network.mobility = "script" needs network.script.')
    if settings.mobility == "script" and settings.density is not None:
        raise UserError('network.density is for places that the testbed knows, not for mobility = "script".')
