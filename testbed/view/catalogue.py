"""The list of all runs below a folder, kept up to date: what has changed is read anew, nothing else."""

import time
from pathlib import Path
from threading import Lock
from typing import Any

from testbed.results.sweep import CELLS
from testbed.view.digest import Digest, digest
from testbed.view.finding import Found, find
from testbed.view.plans import Plan, plan
from testbed.view.state import Pulse, pulse

BUDGET_S = 0.7
"""Of reading, for one answer. What is not read by then comes with the next."""

FRESH_S = 0.5
"""A look that is no older serves whoever asks."""

Row = dict[str, Any]


class Catalogue:
    """Runs and sweeps below `root`. Several threads may ask."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._lock, self._looked_s = Lock(), float("-inf")
        self._found: dict[str, Found] = {}
        self._plans: dict[str, Plan] = {}
        self._digests: dict[str, tuple[Pulse, Digest]] = {}
        self._rows: dict[str, tuple[int, Row | None]] = {}
        """What was last said of a path, and in which revision; None of what is gone."""
        # Not from 0: a page that is open since an earlier server knows less, and gets everything.
        self._first = self._revision = time.time_ns() // 1_000_000

    def find(self, path: str) -> Found | None:
        """What has that path in the list. Nothing else is ever opened: a path is looked up, never followed."""
        with self._lock:
            if path not in self._found:
                self._look_again()
            return self._found.get(path)

    def news(self, since: int = 0) -> dict[str, Any]:
        """JSON values: `rows` that changed after the revision `since`, paths that are `gone`, the `revision` now.

        `name` is that of the folder; `whole` says that this is all there is; `unread` runs are to come.
        """
        with self._lock:
            self._look_again()
            since = since if self._first <= since <= self._revision else 0
            changed = {path: row for path, (revision, row) in self._rows.items() if revision > since}
            return {
                "name": self.root.name,
                "revision": self._revision,
                "whole": since == 0,
                "unread": self._unread(),
                "now": round(time.time()),
                "rows": [row for row in changed.values() if row is not None],
                "gone": [path for path, row in changed.items() if row is None],
            }

    def _unread(self) -> int:
        return len(self._found.keys() - self._plans.keys() - self._digests.keys())

    def _look_again(self) -> None:
        if self._unread() or time.monotonic() - self._looked_s > FRESH_S:
            self._look()
            self._looked_s = time.monotonic()

    def _look(self) -> None:
        everything = list(find(self.root))
        sweeps = [each for each in everything if each.is_sweep]
        self._plans = {each.path: plan(each.folder, self._plans.get(each.path)) for each in sweeps}
        self._found = {each.path: each for each in everything if self._is_planned(each)}
        self._read()
        known = self._plans.keys() | self._digests.keys()
        rows = {path: self._row(each) for path, each in self._found.items() if path in known}
        self._revision += 1
        for path in dict.fromkeys([*self._rows, *rows]):
            if rows.get(path) != self._rows.get(path, (0, None))[1]:
                self._rows[path] = (self._revision, rows.get(path))

    def _is_planned(self, each: Found) -> bool:
        """What an earlier plan of a sweep has left is not shown, as in all figures."""
        home = self._plans.get(_sweep_of(each.path))
        return each.is_sweep or home is None or home.cells is None or each.folder.name in home.cells

    def _read(self) -> None:
        """Those runs that have changed, while there is time."""
        until_s = time.monotonic() + BUDGET_S
        kept = {path: known for path, known in self._digests.items() if path in self._found}
        for each in self._found.values():
            if each.is_sweep or time.monotonic() > until_s:
                continue
            now, known = pulse(each.folder), kept.get(each.path)
            if known is None or known[0] != now:
                kept[each.path] = (now, digest(each.folder))
        self._digests = kept

    def _row(self, each: Found) -> Row:
        if each.is_sweep:
            return {"path": each.path, **self._plans[each.path].values}
        now, known = self._digests[each.path]
        home = _sweep_of(each.path)
        group = home if home in self._plans else each.path.rpartition("/")[0]
        return {"path": each.path, "kind": "run", "group": group, **known.row(now)}


def _sweep_of(path: str) -> str:
    """The path of the sweep whose cell this would be; empty where it cannot be one."""
    home, _, cells = path.rpartition("/")[0].rpartition("/")
    return (home or ".") if cells == CELLS else ""
