"""The real files of others: counts as stated by who collected them, found again by plain Python from the raw text."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.trace.imports import FORMATS, detect, import_file
from testbed.trace.imports.base import Options
from tests.trace.imports.samples import FILES, assert_sound, oddities


def raw(name: str, by: str | None = None) -> list[list[str]]:
    content = (FILES / name).read_bytes()
    return [
        line.split(by) for line in (gzip.decompress(content) if name.endswith("gz") else content).decode().splitlines()
    ]


def inversions(starts: list[int]) -> int:
    return sum(starts[row] < starts[row - 1] for row in range(1, len(starts)))


@pytest.mark.parametrize(
    ("name", "rows", "ids", "first", "last"),
    [("workplace_InVS_tij.dat", 9827, 92, 28820, 1016440), ("SFHH_tij.dat.gz", 70261, 403, 32520, 146820)],
)
def test_sociopatterns(name: str, rows: int, ids: int, first: int, last: int) -> None:
    lines = raw(name)
    active = {(*sorted(map(int, line[1:])), t) for line in lines for t in (int(line[0]),)}
    people = sorted({id_ for pair in active for id_ in pair[:2]})
    contacts = sum((a, b, t - 20) not in active for a, b, t in active)
    trace = import_file(FILES / name)
    assert_sound(trace)
    assert (len(lines), len(people), int(lines[0][0]), int(lines[-1][0])) == (rows, ids, first, last)
    assert trace.header.network == {"kind": "imported", "format": "sociopatterns", "rows": rows, "grain_s": 20}
    assert trace.header.names == tuple(map(str, people))
    assert len(trace.links) == 2 * contacts
    assert (trace.links.t_end_ns - trace.links.t_start_ns).sum() == 2 * rows * 20 * 10**9
    assert (trace.links.t_start_ns[0], trace.links.t_end_ns.max()) == ((first - 20) * 10**9, last * 10**9)
    assert oddities(trace) == {}


def test_imote() -> None:
    lines = raw("upb2011.dat")
    contacts = {(line[1], line[0], int(line[2]) * 10**9, int(line[3]) * 10**9) for line in lines}
    trace = import_file(FILES / "upb2011.dat")
    assert_sound(trace)
    assert (len(lines), trace.header.nodes, trace.header.network["rows"]) == (1463, 676, 1463)
    assert oddities(trace) == {"out_of_order": 17, "duplicate": 12, "zero_length": 558}
    assert inversions([int(line[2]) for line in lines]) == 17
    assert len(lines) - len(contacts) == 12
    assert sum(line[2] == line[3] for line in lines) == 558
    names, links = np.array(trace.header.names), trace.links
    found = zip(names[links.src], names[links.dst], links.t_start_ns.tolist(), links.t_end_ns.tolist(), strict=True)
    assert set(found) == contacts  # directed: the second saw nothing


def test_phones_that_met_with_the_unit_stated() -> None:
    name = "upb-hyccups2011_interactions.csv"
    lines = raw(name, ",")
    trace = import_file(FILES / name, options=Options(time_unit="ms"))
    assert_sound(trace)
    assert (len(lines), trace.header.nodes, trace.header.network["rows"]) == (12003, 65, 12003)
    assert inversions([int(line[2]) for line in lines]) == 528
    assert sum(line[0] == line[1] for line in lines) == 1
    sightings = {(*sorted(line[:2]), line[2]) for line in lines if line[0] != line[1]}
    found = oddities(trace)
    assert found == {"out_of_order": 528, "self_loop": 1, "duplicate": 12002 - len(sightings), "zero_length": 12002}
    assert len(trace.links) == 2 * len(sightings)
    assert trace.links.t_start_ns[0] == min(int(line[2]) for line in lines) * 10**6
    with pytest.raises(UserError, match="--time-unit"):
        import_file(FILES / name)


def test_phones_that_met_and_how_long_that_held() -> None:
    options = Options(time_unit="ms", hold_s=60)
    trace = import_file(FILES / "upb-hyccups2011_interactions.csv", options=options)
    assert_sound(trace)
    assert (trace.links.t_end_ns - trace.links.t_start_ns).min() == 60 * 10**9
    assert oddities(trace)["overlap"] > 0


REAL = {
    "workplace_InVS_tij.dat": "sociopatterns",
    "SFHH_tij.dat.gz": "sociopatterns",
    "upb2011.dat": "imote",
    "upb-hyccups2011_interactions.csv": "contacts",
    "grenoble.k7.gz": "k7",
    "freifunk-leipzig.json": "freifunk",
    "Abilene.graphml": "graphml",
}
FOREIGN = {
    "100_events_10_nodes_500ks.txt": "one",
    "battlemesh10_NetworkGraph-10dbm.json": "netjson",
    "ns3_default.ns_movements": "ns2",
    "ns3_bonnmotion.ns_movements": "ns2",
    "bonnmotion_rwp_10.ns_movements": "ns2",
}
"""Files under the GPL, which do not come with the project: TESTBED_TRACES names a folder that has them."""


@pytest.mark.parametrize("name", [name for name, format in REAL.items() if format in FORMATS])
def test_a_file_is_known_by_its_content_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes((FILES / name).read_bytes())
    assert detect(tmp_path / "file") == REAL[name]


@pytest.mark.slow
@pytest.mark.skipif("TESTBED_TRACES" not in os.environ, reason="TESTBED_TRACES names no folder with the GPL files")
@pytest.mark.parametrize("name", [name for name, format in FOREIGN.items() if format in FORMATS])
def test_a_file_under_the_gpl_is_known_by_its_content(name: str) -> None:
    assert detect(Path(os.environ["TESTBED_TRACES"]) / name) == FOREIGN[name]


@pytest.mark.slow
@pytest.mark.skipif("TESTBED_TRACES" not in os.environ, reason="TESTBED_TRACES names no folder with the GPL files")
def test_one_events_of_messages_alone_hold_no_contact() -> None:
    with pytest.raises(UserError, match="holds no contact: it has no CONN line, only 100 other events"):
        import_file(Path(os.environ["TESTBED_TRACES"]) / "100_events_10_nodes_500ks.txt")
