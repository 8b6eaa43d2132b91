"""Runs that go on while a test looks at them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.results import RunWriter
from tests.page import made

Begin = Callable[..., RunWriter]


@pytest.fixture
def begun() -> Iterator[Begin]:
    """Begins a run of three devices in a folder, with rounds of these accuracies; made.append adds more."""
    writers = []

    def begin(folder: Path, accuracies: list[list[float]] = made.ACCURACIES) -> RunWriter:
        made.run(folder, [], traced=False, done=False)
        (folder / "log.jsonl").unlink()
        writers.append(RunWriter(folder, made.MANIFEST, []))
        for round_, values in enumerate(accuracies):
            made.append(writers[-1], round_, values)
        return writers[-1]

    yield begin
    for writer in writers:
        writer.stop("The test is over.")
