"""A run in words and numbers, for people."""

from collections.abc import Mapping, Sequence

import numpy as np

from testbed.page.facts import Facts, text

NETWORKS = {"ns3": "802.11a over ns-3", "replay": "a recorded air, replayed", "graph": "a graph, without a radio"}


def sentence(run: Facts, devices: int | None) -> str:
    """What ran, in a line."""
    kind = text(run.get("network", "kind"))
    parts = [
        f"{run.algorithm} on {text(run.get('data', 'name')) or 'unknown data'}",
        *([f"{devices} device{'s' * (devices != 1)}"] if devices else []),
        NETWORKS.get(kind, kind or "an unknown network"),
        f"mode {text(run.get('run', 'mode')) or 'unknown'}",
        f"seed {text(run.run.manifest.get('seed')) or 'unknown'}",
    ]
    return ", ".join(parts)


def progress(run: Facts) -> str:
    """How far it came."""
    wanted = run.get("run", "rounds")
    of = f" of {wanted}" if isinstance(wanted, int) and wanted != run.rounds else ""
    return f"{run.status} after {run.rounds}{of} rounds"


def numbers(run: Facts) -> list[tuple[str, str, str]]:
    """The main results, for people: what it is, its value, and what else there is to say of it."""
    if not run.rounds:
        return []
    delivered, total = run.column("delivered").sum(), (run.column("delivered") + run.column("lost")).sum()
    density, energy = run.column("density"), run.column("energy_j")
    found = [
        *_accuracies(run),
        ("simulated time", f"{_short(run.column('closed_ns')[-1] / 1e9)} s", f"{run.rounds} rounds"),
        ("density", f"{density.mean():.3f}", f"± {density.std():.3f} over rounds"),
        ("deliveries", f"{delivered:,.0f}", f"of {total:,.0f} arrived"),
        ("messages", f"{_short(run.column('bytes').sum() / 1e6)} MB", "as the devices sent them"),
        ("air time", f"{_short(run.column('airtime_ns').sum() / 1e9)} s", "of all devices"),
    ]
    if np.isfinite(energy).any():
        found.append(("energy", f"{_short(float(np.nansum(energy)))} J", "of all devices"))
    return found


def _accuracies(run: Facts) -> list[tuple[str, str, str]]:
    accuracy = run.column("accuracy_mean")
    measured = np.flatnonzero(np.isfinite(accuracy))
    if not len(measured):
        return [("accuracy", "none", "no round was evaluated")]
    best, last = int(np.nanargmax(accuracy)), int(measured[-1])
    spread = run.column("accuracy_std")[last]
    return [
        ("best mean accuracy", f"{accuracy[best]:.4f}", f"after {best + 1} round{'s' * (best > 0)}"),
        ("last mean accuracy", f"{accuracy[last]:.4f}", f"± {spread:.4f} over devices"),
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def origin(run: Facts) -> list[tuple[str, str]]:
    """Where it came from: versions, host, seed, hash."""
    manifest = run.run.manifest
    versions, host = manifest.get("versions"), manifest.get("host")
    found = [(name, text(value) or "not installed") for name, value in _pairs(versions)]
    found += [(f"host {name}", text(value)) for name, value in _pairs(host)]
    keys = ("git_commit", "seed", "threads", "wall_s", "scenario_sha256")
    return found + [(key.replace("_", " "), text(manifest[key])) for key in keys if manifest.get(key) is not None]


def _pairs(value: object) -> Sequence[tuple[str, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []
