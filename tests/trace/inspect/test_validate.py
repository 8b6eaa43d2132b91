"""Traces that read well and cannot be true."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import Deliveries, Outbox, Sightings
from testbed.trace import Trace, write
from testbed.trace.inspect.validate import problems, validate
from tests.report.recordings import MS, delivered, pair_and_loner, sent
from tests.trace.inspect.traces import imported, recorded

HEADER = recorded(3, []).header


def sound() -> Trace:
    """Two rounds of a pair and a loner."""
    rounds = [pair_and_loner(), pair_and_loner(100 * MS)]
    return Trace.of_rounds(HEADER, *zip(*rounds, strict=True))


def with_last(trace: Trace, outbox: Outbox | None = None, **changes: Any) -> Trace:
    """The last round, changed."""
    last = replace(trace.exchanges[-1], **changes)
    outboxes = (*trace.outboxes[:-1], trace.outboxes[-1] if outbox is None else outbox)
    return replace(trace, outboxes=outboxes, exchanges=(*trace.exchanges[:-1], last))


def with_rows(table: str, **columns: Any) -> Trace:
    """A column of `links` or `nodes`, changed where it is not None."""
    trace = sound()
    rows = getattr(trace, table)
    changed = {
        name: [old if new is None else new for old, new in zip(getattr(rows, name), column, strict=True)]
        for name, column in columns.items()
    }
    return replace(trace, **{table: replace(rows, **changed)})


def rows_of(*rows: tuple[int, int, int, int]) -> Deliveries:
    return delivered([(src, dst, start * MS, end * MS) for src, dst, start, end in rows])


N = None
WRONG: dict[str, tuple[Callable[[], Trace], str, str, list[int]]] = {
    "a row outside its round": (
        lambda: with_rows("links", t_end_ns=[N, N, N, 201 * MS]), "links", "outside its round", [3]
    ),
    "a directed pair twice in a round": (
        lambda: with_rows("links", src=[N, N, 0, 0], dst=[N, N, 1, 1]), "links", "overlaps", [3]
    ),
    "nodes of a round out of order": (
        lambda: with_rows("nodes", node=[N, N, N, 0, 2, 1]), "nodes", "next in the round", [4, 5]
    ),
    "a node twice": (lambda: with_rows("nodes", node=[0, 0, 2, N, N, N]), "nodes", "already", [1]),
    "half a place": (lambda: with_rows("nodes", x_m=[N, N, N, np.nan, N, N]), "nodes", "the other not", [3]),
    "a place that only some have": (
        lambda: with_rows("nodes", x_m=[N, np.nan, N, N, N, N], y_m=[N, np.nan, N, N, N, N]),
        "nodes", "others of its round", [1],
    ),
    "a delivery that nobody sent": (
        lambda: replace(sound(), outboxes=(sent([0], 10 * MS), sent([0], 110 * MS))), "deliveries", "no message", [1, 3]
    ),
    "one that starts before its message is ready": (
        lambda: replace(sound(), outboxes=(sent([0, 1, 2], 99 * MS),) * 2), "deliveries", "no message", [0, 1]
    ),
    "more arrivals than messages": (
        lambda: with_last(sound(), deliveries=rows_of((0, 1, 120, 150), (0, 1, 130, 160))),
        "deliveries", "more arrive", [3],
    ),
    "an arrival after the round": (
        lambda: with_last(sound(), deliveries=rows_of((0, 1, 120, 250))), "deliveries", "outside its round", [2]
    ),
    "a message to oneself": (
        lambda: with_last(sound(), outbox=sent([1], 110 * MS, dst=1)), "messages", "own sender", [3]
    ),
    "a message of before its round": (
        lambda: with_last(sound(), outbox=sent([0, 1, 2], 1)), "messages", "before its round", [3, 4, 5]
    ),
    "nobody and somebody": (
        lambda: with_last(sound(), sightings=Sightings([150 * MS] * 2, [0, 0], [1, -1])), "sightings", "nobody", [1]
    ),
    "the same look twice": (
        lambda: with_last(sound(), sightings=Sightings([150 * MS] * 2, [0, 0], [1, 1])), "sightings", "the same", [1]
    ),
    "oneself in sight": (
        lambda: with_last(sound(), sightings=Sightings([150 * MS], [2], [2])), "sightings", "itself", [0]
    ),
    "a look outside the round": (
        lambda: with_last(sound(), sightings=Sightings([99], [2], [1])), "sightings", "outside", [0]
    ),
}  # fmt: skip


def test_nothing_is_wrong_with_sound_traces() -> None:
    samples = [(0, 1, 0, 0), (0, 1, 1, 2), (0, 1, 2, 3), (1, 0, 0, 5), (0, 2, 1, None)]
    for trace in (sound(), recorded(3, [[(0, 1)], []]), imported(3, samples), imported(1, [])):
        assert problems(trace) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_true_is_named_with_its_rows(name: str) -> None:
    make, table, said, rows = WRONG[name]
    found = [each for each in problems(make()) if each.table == table and said in each.said]
    assert len(found) == 1, problems(make())
    assert found[0].rows.tolist() == rows


def test_a_line_says_table_row_and_round() -> None:
    (found,) = problems(with_rows("links", t_end_ns=[None, None, 201 * MS, 201 * MS]))
    assert found.lines(1) == ["links, row 2, round 1: it lies outside its round."]
    assert len(found) == 2


@pytest.mark.parametrize("second", [(0, 1, 4, 6), (0, 1, 0, 1), (0, 1, 3, 3), (0, 1, 0, 0)])
def test_imported_rows_of_one_directed_pair_lie_apart(second: tuple[int, int, float, float]) -> None:
    (found,) = problems(imported(2, [(0, 1, 0, 5), second]))
    assert (found.table, found.rounds.tolist()) == ("links", [-1])


def test_a_file_that_was_changed_after_it_was_written(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder, opened in zip(folders, ([[(0, 1)]], [[(0, 2)]]), strict=True):
        write(recorded(3, opened), folder)
    assert validate(folders[0]) == []
    (folders[0] / "links.parquet").write_bytes((folders[1] / "links.parquet").read_bytes())
    (found,) = validate(folders[0])
    assert "links.parquet is damaged: it is not what header.json has the checksum of" in found.said


def test_what_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    write(recorded(3, [[(0, 1)]]), tmp_path / "a")
    (tmp_path / "a/rounds.parquet").write_bytes(b"nonsense")
    assert any("rounds.parquet is damaged" in each.said for each in validate(tmp_path / "a"))
    with pytest.raises(UserError, match="There is no"):
        validate(tmp_path / "b")
