"""Traces that were recorded once are read for ever, to the same values."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import testbed
from testbed.errors import UserError
from testbed.exchange import Table
from testbed.trace import Trace, TraceWriter, header, read, write
from testbed.trace.format import SCHEMAS, VERSION
from testbed.trace.upgrade import STEPS
from tests.session.scenarios import small
from tests.trace.traces import HEADER

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("name", "rounds", "seconds", "density", "delivered", "messages"),
    [("barrier", 3, 3.50, 0.467, 22, 25), ("local", 3, 9.00, 0.500, 7350, 7350)],
)
def test_version_2_reads_as_it_was_recorded(
    name: str, rounds: int, seconds: float, density: float, delivered: int, messages: int
) -> None:
    trace = read(GOLDEN / "trace-v2" / name)
    assert (len(trace), trace.header.nodes, trace.header.seed) == (rounds, 5, 3)
    assert trace.exchanges[-1].closed_ns / 1e9 == pytest.approx(seconds, abs=0.005)
    assert trace.densities().mean() == pytest.approx(density, abs=0.0005)
    assert sum(int(exchange.deliveries.arrived.sum()) for exchange in trace.exchanges) == delivered
    assert sum(len(exchange.deliveries) for exchange in trace.exchanges) == messages


def test_what_version_2_did_not_know_comes_from_its_rounds() -> None:
    trace = read(GOLDEN / "trace-v2/barrier")
    opened = np.array([exchange.opened_ns for exchange in trace.exchanges])
    closed = np.array([exchange.closed_ns for exchange in trace.exchanges])
    np.testing.assert_array_equal(trace.links.t_start_ns, opened[trace.links.round])
    np.testing.assert_array_equal(trace.links.t_end_ns, closed[trace.links.round])
    np.testing.assert_array_equal(trace.nodes.node, np.tile(np.arange(5), 3))
    assert not trace.links.latency_ns.any()
    heard = pq.read_table(GOLDEN / "trace-v2/barrier/links.parquet").column("heard").to_numpy()
    np.testing.assert_array_equal(trace.links.delivery, heard)
    assert trace.header.provenance == ({"step": "record"}, {"step": "upgrade", "version": 2})


@pytest.mark.parametrize("name", ["barrier", "local"])
def test_an_upgraded_trace_is_written_in_the_present_version_and_is_the_same(tmp_path: Path, name: str) -> None:
    trace = read(GOLDEN / "trace-v2" / name)
    write(trace, tmp_path / "now")
    assert json.loads((tmp_path / "now/header.json").read_text())["version"] == VERSION
    assert read(tmp_path / "now") == trace


def values(trace: Trace) -> dict[str, Any]:
    """All that is in a trace, as JSON."""

    def columns(table: Table) -> dict[str, list[Any]]:
        found = {name: getattr(table, name).tolist() for name in table.columns()}
        return {name: [None if x != x else x for x in column] for name, column in found.items()}

    return {
        "header": json.loads(trace.header.model_dump_json()),
        "links": columns(trace.links),
        "nodes": columns(trace.nodes),
        "messages": [columns(outbox) for outbox in trace.outboxes],
        "times_ns": [[exchange.opened_ns, exchange.closed_ns] for exchange in trace.exchanges],
        "deliveries": [columns(exchange.deliveries) for exchange in trace.exchanges],
        "sightings": [columns(exchange.sightings) for exchange in trace.exchanges],
    }


@pytest.mark.parametrize("name", ["recorded", "imported"])
def test_version_3_reads_as_it_was_written(name: str) -> None:
    trace = read(GOLDEN / "trace-v3" / name)
    assert values(trace) == json.loads((GOLDEN / f"trace-v3/{name}.json").read_text("utf-8"))
    assert len(trace) == {"recorded": 2, "imported": 0}[name]


def test_every_older_version_has_a_step_up() -> None:
    assert sorted(STEPS) == list(range(2, VERSION))


def unfinished_2(folder: Path, torn: str = "") -> Path:
    """The golden recording as a kill would have left it, its last round torn in one table."""
    folder.mkdir()
    shutil.copy(GOLDEN / "trace-v2/barrier/header.json", folder)
    for file in (GOLDEN / "trace-v2/barrier").glob("*.parquet"):
        table = pq.read_table(file)
        with pa.ipc.new_stream(str(folder / f"{file.stem}.arrows"), table.schema) as writer:
            for round_ in range(2 if file.stem == torn else 3):
                rows = table.filter(pc.equal(table.column("round"), round_)).combine_chunks()
                writer.write_batch(rows.to_batches()[0] if len(rows) else pa.RecordBatch.from_pylist([], table.schema))
    return folder


def test_an_unfinished_recording_of_version_2_is_read_up_to_its_last_whole_round(tmp_path: Path) -> None:
    whole = read(GOLDEN / "trace-v2/barrier")
    assert read(unfinished_2(tmp_path / "a")) == whole
    assert read(unfinished_2(tmp_path / "b", torn="devices")).exchanges == whole.exchanges[:2]


def test_a_recording_of_version_2_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = unfinished_2(tmp_path / "trace")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(UserError, match="recording of version 2 of the format, which can be read but not gone on with"):
        TraceWriter(folder, HEADER, 3)
    with pytest.raises(UserError, match="of version 2 of the format"):
        testbed.record(small(), folder, resume=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_version_1_and_versions_to_come_are_refused(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "trace-v2/barrier", tmp_path / "a")
    file = tmp_path / "a/header.json"
    tree = json.loads(file.read_text())
    for version, said in [(1, "before the first release"), (VERSION + 1, "update testbed"), (True, "has version True")]:
        file.write_text(json.dumps({**tree, "version": version}))
        with pytest.raises(UserError, match=said):
            header(tmp_path / "a")


def test_damage_of_an_older_version_is_named_too(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "trace-v2/barrier", tmp_path / "a")
    file = tmp_path / "a/header.json"
    tree = json.loads(file.read_text())
    file.write_text(json.dumps({key: value for key, value in tree.items() if key != "devices"}))
    with pytest.raises(UserError, match=r"header\.json is damaged: nodes: Field required"):
        read(tmp_path / "a")
    file.write_text(json.dumps({**tree, "devices": 4}))
    with pytest.raises(UserError, match="is damaged: "):
        read(tmp_path / "a")
    (tmp_path / "a/links.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"links\.parquet is damaged"):
        read(tmp_path / "a")


def test_the_layout_of_an_older_version_is_not_the_present_one() -> None:
    assert "devices" in STEPS[2].schemas
    assert "devices" not in SCHEMAS
