"""A run as its own page follows it: its numbers, and the rounds that the page does not know yet."""

import hashlib
from typing import Any

from testbed.page import summary
from testbed.page.facts import Facts, text
from testbed.view.digest import numbers
from testbed.view.state import state


def detail(run: Facts, since: int, of: str) -> dict[str, Any]:
    """JSON values; `curve` has the rounds from `since` on, in columns.

    `of` is the mark that the page got with the rounds it knows: where it is another run by now, all are given, and
    `since` is 0. What does not change while a run goes on comes with the first rounds alone, as `steady`.
    """
    mark = hashlib.sha256(run.toml.encode("utf-8", "replace")).hexdigest()[:16]
    since = since if of == mark and 0 <= since <= run.rounds else 0
    steady = {} if since else {"steady": _steady(run)}
    return {
        "of": mark,
        "since": since,
        "state": state(run),
        "progress": summary.progress(run),
        "stopped": run.stopped,
        "numbers": summary.numbers(run),
        "curve": _curve(run, since),
        **steady,
    }


def _curve(run: Facts, since: int) -> dict[str, list[float | None]]:
    """Columns that a chart can have on its axes; sums are from the first round on."""
    column = run.column
    whole = {
        "round": column("round") + 1,
        "seconds": column("closed_ns") / 1e9,
        "megabytes": column("bytes").cumsum() / 1e6,
        "joules": column("energy_j").cumsum(),
        "accuracy": column("accuracy_mean"),
        "spread": column("accuracy_std"),
        "loss": column("loss"),
        "consensus": column("consensus_distance"),
        "density": column("density"),
    }
    return {name: numbers(values[since:]) for name, values in whole.items()}


def _steady(run: Facts) -> dict[str, Any]:
    count = run.get("devices", "count")
    return {
        "title": run.run.folder.name,
        "sentence": summary.sentence(run, count if isinstance(count, int) else None),
        "command": text(run.run.manifest.get("command")),
        "toml": run.toml,
        "keys": {
            f"{section}.{key}": _plain(value)
            for section, keys in run.tree.items()
            if isinstance(keys, dict)
            for key, value in keys.items()
        },
    }


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
