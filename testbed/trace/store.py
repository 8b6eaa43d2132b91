"""The cache of airs: traces by a key, on disk, the same for all runs of a user.

An entry is a folder KEY-ROUNDS with the files of a finished trace and `entry.json`, which holds the SHA-256 of its
header, as that holds those of the tables. It is made beside its place and renamed, and never changed: a kill leaves
nothing that looks like an entry, and two runs at once at worst do the same work twice. A longer recording of the same
air is another folder, and the shorter one goes.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import UserError
from testbed.places import cache
from testbed.trace.files import HEADER, sha256
from testbed.trace.format import Header
from testbed.trace.reader import header, read
from testbed.trace.value import Trace

LIMIT_GB = 5.0
ENTRY = "entry.json"
SCRATCH = ".scratch-"
"""How folders begin that are being made or taken away."""

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """An air that is kept."""

    folder: Path
    key: str
    rounds: int
    size_bytes: int
    used_s: float
    """When it was last used, in seconds since 1970."""

    def header(self) -> Header:
        """What its trace says of itself. Raises UserError where it is damaged."""
        return header(self.folder)


class Store:
    """Entries in `folder`, by default `airs` in the cache; those not used for longest go when there are more than
    `limit_gb` (TESTBED_CACHE_GB, else 5 GB)."""

    def __init__(self, folder: Path | None = None, limit_gb: float | None = None) -> None:
        self.folder = folder or cache() / "airs"
        self._limit_bytes = 1e9 * (limit() if limit_gb is None else limit_gb)

    def find(self, key: str, warn: Warn) -> Trace | None:
        """The longest air under `key`. A damaged entry is told to `warn` and thrown away, never believed."""
        for entry in sorted(self._of(key), key=lambda entry: -entry.rounds):
            try:
                trace = _checked(entry)
                os.utime(entry.folder / ENTRY)
                return trace
            except (UserError, OSError, ValueError, KeyError, TypeError) as error:
                if entry.folder.is_dir():  # else a longer one has just taken its place, or it was cleared
                    warn(f"warning: the air in {entry.folder} is damaged and is simulated anew: {error}")
                    self._remove(entry.folder)
        return None

    def keep(self, key: str, trace: Path, rounds: int, warn: Warn) -> None:
        """Copy the finished trace in folder `trace`, unless as long an air is there. What fails is told to `warn`."""
        try:
            if all(entry.rounds < rounds for entry in self._of(key)):
                self._add(key, trace, rounds)
                self._shrink()
        except OSError as error:
            warn(f"warning: the air cannot be kept in {self.folder}: {error.strerror}.")

    def entries(self) -> list[Entry]:
        """All of them, the last used first."""
        found = (_entry(folder) for folder in self._folders() if not folder.name.startswith(SCRATCH))
        return sorted((entry for entry in found if entry), key=lambda entry: -entry.used_s)

    def clear(self) -> int:
        """Throw all away, and what broken-off runs left behind; returns how many bytes that was."""
        folders = list(self._folders())
        size = sum(_size(folder) for folder in folders)
        for folder in folders:
            self._remove(folder)
        return size

    def _add(self, key: str, trace: Path, rounds: int) -> None:
        files = [trace / HEADER, *sorted(trace.glob("*.parquet"))]
        if sum(file.stat().st_size for file in files) > self._limit_bytes:
            return
        scratch = self._scratch()
        try:
            for file in files:
                shutil.copyfile(file, scratch / file.name)
            text = json.dumps({"key": key, "rounds": rounds, "header": sha256(scratch / HEADER)}, indent=2)
            (scratch / ENTRY).write_text(text + "\n", "utf-8")
            self._place(scratch, self.folder / f"{key}-{rounds}")
            for entry in self._of(key):
                if entry.rounds < rounds:
                    self._remove(entry.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @staticmethod
    def _place(scratch: Path, folder: Path) -> None:
        """Give the entry its name, unless another run has just kept the same."""
        try:
            scratch.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise

    def _shrink(self) -> None:
        """Throw away what was not used for longest, until the rest is within the limit."""
        total = 0
        for entry in self.entries():
            total += entry.size_bytes
            if total > self._limit_bytes:
                self._remove(entry.folder)

    def _of(self, key: str) -> list[Entry]:
        return [entry for folder in self.folder.glob(f"{key}-*") if (entry := _entry(folder))]

    def _folders(self) -> Iterator[Path]:
        yield from (folder for folder in self.folder.glob("*") if folder.is_dir())

    def _scratch(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.folder, prefix=SCRATCH))

    def _remove(self, folder: Path) -> None:
        """At once for whoever looks; its files one after the other."""
        try:
            aside = self._scratch()
            shutil.rmtree(folder.rename(aside / folder.name), ignore_errors=True)
            aside.rmdir()
        except OSError:  # another run was quicker
            return


def limit() -> float:
    """TESTBED_CACHE_GB. Raises UserError if it is no number from 0 up."""
    text = os.environ.get("TESTBED_CACHE_GB", "")
    try:
        size = float(text) if text else LIMIT_GB
    except ValueError:
        size = -1.0
    if not 0 <= size < float("inf"):
        raise UserError(f"TESTBED_CACHE_GB = {text!r} should be the size of the cache in GB, from 0 up.")
    return size


def _entry(folder: Path) -> Entry | None:
    """The entry in a folder; one without its `entry.json` is damaged, and found to be so when it is read."""
    key, _, rounds = folder.name.rpartition("-")
    try:
        stamp = folder / ENTRY
        used_s = (stamp if stamp.exists() else folder).stat().st_mtime
        return Entry(folder, key, int(rounds), _size(folder), used_s)
    except (OSError, ValueError):
        return None


def _checked(entry: Entry) -> Trace:
    """The trace of an entry. Raises UserError, OSError, ValueError, KeyError or TypeError if it is damaged."""
    tree = json.loads((entry.folder / ENTRY).read_text("utf-8"))
    if sha256(entry.folder / HEADER) != tree["header"]:
        raise UserError(f"{HEADER} is not what was written.")
    trace = read(entry.folder)
    if tree["key"] != entry.key or len(trace) != entry.rounds:
        raise UserError(f"{ENTRY} is of another air.")
    return trace


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file())
