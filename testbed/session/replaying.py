"""`replay`: a run over a trace, in place of the network that its scenario names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.places import BUNDLED
from testbed.results import Run
from testbed.scenario import Scenario, parse
from testbed.session.entry import run


def replay(
    trace: str | Path,
    scenario: Scenario,
    out: Path,
    *,
    links: bool | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    at_end: str | None = None,
    time_scale: float | None = None,
    nodes: str | Sequence[int] | None = None,
    **options: Any,
) -> Run:
    """Train over a trace, without ns-3; with the scenario it was recorded under, the tables are the same bytes.

    `trace` is a folder, a run directory or `bundled/NAME`. `links` times every message anew (else `exact`); it and what
    follows take the place of the keys in `[network]` of those names. `options` as for `run`.
    """
    keys = replay_keys(trace, links, from_s, to_s, at_end, time_scale, nodes)
    tree = scenario.model_dump(exclude_none=True)
    return run(parse({**tree, "network": {**tree["network"], **keys}}), out, **options)


def replay_keys(
    trace: str | Path,
    links: bool | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    at_end: str | None = None,
    time_scale: float | None = None,
    nodes: str | Sequence[int] | None = None,
) -> dict[str, Any]:
    """Keys of `[network]` that have a scenario play a trace; what is None stays as it is."""
    whole = str(trace) if str(trace).startswith(BUNDLED) else str(Path(trace).resolve())
    semantics = None if links is None else "links" if links else "exact"
    keys = {"replay": semantics, "from_s": from_s, "to_s": to_s, "at_end": at_end, "time_scale": time_scale}
    stated = {key: value for key, value in {**keys, "nodes": nodes}.items() if value is not None}
    return {"kind": "replay", "trace": whole, **stated}
