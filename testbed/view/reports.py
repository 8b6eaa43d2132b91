"""Full reports, made when they are asked for and kept until their run changes."""

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from testbed.errors import UserError
from testbed.page import page
from testbed.view.digest import UNREADABLE
from testbed.view.finding import check_plain
from testbed.view.state import stamp

KEPT = 8
"""Reports; the one that was asked for longest ago goes first."""

Stamps = tuple[tuple[str, int, int], ...]


class Reports:
    """One at a time is made, as figures are drawn by one thread at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Path, tuple[Stamps, bytes]] = OrderedDict()

    def of(self, folder: Path) -> bytes:
        """The report of the run or sweep in `folder`, as HTML. Raises UserError where there can be none."""
        with self._lock:
            now = _stamps(folder)
            known = self._kept.pop(folder, None)
            content = known[1] if known and known[0] == now else self._made(folder)
            self._kept[folder] = (now, content)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return content

    def _made(self, folder: Path) -> bytes:
        try:
            check_plain(folder)
            return page(folder).encode("utf-8", "replace")  # half a character can be spelt in JSON
        except UNREADABLE as error:
            raise UserError(f"There is no report: {error}") from None


def _stamps(folder: Path) -> Stamps:
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return tuple((str(file), *stamp(file)) for file in sorted(files))
