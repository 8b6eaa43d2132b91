"""The `trace` verbs as a user meets them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from testbed.cli import app
from testbed.errors import UserError
from testbed.trace import Trace, read, write
from tests.report.recordings import MS, pair_and_loner
from tests.trace.inspect.traces import imported, recorded, two_way

ONE = "0 CONN 0 1 up\n5 CONN 1 2 up\n10 CONN 0 1 down\n20 CONN 1 2 down\n"
KEYS = {"nodes", "links", "contacts", "t_start_s", "t_end_s", "density_mean", "rejected"}


def call(*arguments: object) -> Result:
    """In this process; what is not a way to end is raised."""
    return CliRunner().invoke(app, ["trace", *map(str, arguments)], catch_exceptions=False)


def rounds() -> Trace:
    """Two rounds of a pair and a loner, with messages."""
    each = [pair_and_loner(), pair_and_loner(100 * MS)]
    return Trace.of_rounds(recorded(3, []).header, *zip(*each, strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a recorded trace `rounds`, an imported one `map`, and a file of others."""
    write(rounds(), tmp_path / "rounds")
    write(imported(3, [(0, 1, 0, None), (1, 0, 0, None)]), tmp_path / "map")
    (tmp_path / "one.txt").write_text(ONE)
    return tmp_path


def test_inspect_says_what_a_recording_holds(folder: Path) -> None:
    said = call("inspect", folder / "rounds")
    assert "3, 1 without any link" in said.stdout
    assert "0 s to 0.2 s, 2 rounds" in said.stdout
    assert "not even the union of all: 2 components, the largest of 2 nodes" in said.stdout
    assert "50.0% of 4 messages" in said.stdout


def test_inspect_as_json_is_one_line_without_what_json_does_not_know(folder: Path) -> None:
    said = call("inspect", folder / "map", "--json")
    assert said.stdout.count("\n") == 1
    found = json.loads(said.stdout, parse_constant=lambda name: pytest.fail(name))
    assert found.keys() >= KEYS
    assert (found["nodes"], found["links"], found["contacts"], found["rejected"]) == (3, 2, 1, {})
    assert found["window_rounds"] is None
    assert found["delay_s"]["median"] is None


def test_inspect_reads_a_file_of_others(folder: Path) -> None:
    found = json.loads(call("inspect", folder / "one.txt", "--json").stdout)
    assert (found["format"], found["nodes"], found["contacts"], found["t_end_s"]) == ("one", 3, 2, 20)
    assert found["density_mean"] == pytest.approx((10 + 15) * 2 / 20 / 6)
    cut = json.loads(call("inspect", folder / "one.txt", "--json", "--from", 12, "--window", 4).stdout)
    assert (cut["contacts"], cut["t_start_s"], cut["window_s"]) == (1, 12, 4)


def test_inspect_tells_of_oddities(tmp_path: Path) -> None:
    oddity = {"reason": "self_loop", "count": 1234, "done": "left out", "rejected": True}
    write(imported(2, [(0, 1, 0, 1)], provenance=({"step": "import", "oddities": [oddity]},)), tmp_path / "t")
    assert "self_loop  1,234  left out" in call("inspect", tmp_path / "t").stdout
    assert json.loads(call("inspect", tmp_path / "t", "--json").stdout)["rejected"] == {"self_loop": 1234}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("inspect", "none"), "There is no none"),
        (("inspect", "rounds", "--format", "one"), "leave out --format"),
        (("inspect", "map", "--time-unit", "s"), "leave out --time-unit"),
        (("inspect", "one.txt", "--window", "0"), "above 0"),
        (("plot", "rounds", "--out", "a.png", "--what", "nothing"), "nothing is no part"),
        (("convert", "rounds", "map"), "there already"),
        (("convert", "rounds", "n", "--nodes", "7"), "There is no node 7"),
        (("convert", "one.txt", "n", "--model", "best"), "no model 'best'"),
    ],
)
def test_mistakes_are_sentences(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=said):
        call(*arguments)
    assert not (folder / "n").exists()


def test_validate_finds_nothing_wrong_with_sound_traces(folder: Path) -> None:
    for name in ("rounds", "map", "one.txt"):
        said = call("validate", folder / name)
        assert (said.exit_code, "nothing is wrong" in said.stdout) == (0, True), said.stdout


def test_validate_names_table_row_and_round_of_some_and_counts_all(tmp_path: Path) -> None:
    write(imported(2, [(0, 1, 0, 5)] * 60), tmp_path / "t")
    said = call("validate", tmp_path / "t")
    assert said.exit_code == 1
    assert "links, row 1: it overlaps an earlier row of the same directed pair." in said.stdout
    assert "... and 54 more" in said.stdout
    assert "59 problems" in said.stdout


def test_validate_of_what_cannot_be_read_is_a_sentence(folder: Path) -> None:
    (folder / "map/links.parquet").write_bytes(b"PAR1")
    said = call("validate", folder / "map")
    assert said.exit_code == 1
    assert "links.parquet is damaged" in said.stdout


def test_convert_makes_a_trace_of_a_file_and_says_what_is_next(folder: Path) -> None:
    said = call("convert", folder / "one.txt", folder / "made")
    assert f"testbed replay {folder / 'made'} SCENARIO" in said.stdout
    assert "3 nodes, 4 link rows" in said.stdout
    assert read(folder / "made").header.names == ("0", "1", "2")
    assert call("validate", folder / "made").exit_code == 0


def test_convert_makes_a_trace_of_a_trace(folder: Path) -> None:
    call("convert", folder / "rounds", folder / "made", "--nodes", "0:2", "--scale", 2, "--loop", 5)
    made = read(folder / "made")
    assert (made.header.nodes, len(made), made.exchanges[-1].closed_ns) == (2, 5, 1000 * MS)
    assert call("validate", folder / "made").exit_code == 0


def test_convert_makes_a_file_of_a_trace(folder: Path) -> None:
    write(imported(3, two_way([(0, 1, 0, 10), (1, 2, 5, 20)]), names=("0", "1", "2")), folder / "contacts")
    call("convert", folder / "contacts", folder / "out.txt", "--as", "one")
    found = json.loads(call("inspect", folder / "out.txt", "--json").stdout)
    assert (found["format"], found["contacts"], found["t_end_s"]) == ("one", 2, 20)


def test_diff_says_where_two_traces_part(folder: Path) -> None:
    same = call("diff", folder / "rounds", folder / "rounds")
    assert (same.exit_code, same.stdout) == (0, "equal: no key of the headers and no row differs\n")
    trace = rounds()
    last = trace.exchanges[1]
    changed = replace(last, links=replace(last.links, delivery=[1.0, 0.5]))
    header = trace.header.model_copy(update={"seed": 7})
    write(Trace.of_rounds(header, trace.outboxes, [trace.exchanges[0], changed]), folder / "other")
    said = call("diff", folder / "rounds", folder / "other")
    assert said.exit_code == 1
    assert "header: seed: 1 in A, 7 in B" in said.stdout
    assert "they part in round 1: links" in said.stdout
    assert "delivery: 1.0 in A, 0.5 in B" in said.stdout
    assert "rows that differ: links 1" in said.stdout
    found = json.loads(call("diff", folder / "rounds", folder / "other", "--json").stdout)
    assert (found["equal"], found["rows"], found["first"]["round"]) == (False, {"links": 1}, 1)
    assert found["first"]["values"] == {"delivery": [1, 0.5]}
    assert call("diff", folder / "rounds", folder / "other", "--tolerance", 0.5).stdout.endswith("no row differs\n")


def test_diff_of_imports_names_the_instant(folder: Path) -> None:
    for name, end in (("a", 9.0), ("b", 8.0)):
        write(imported(2, [(0, 1, 0, 5), (1, 0, 7, end)]), folder / name)
    said = call("diff", folder / "a", folder / "b").stdout
    assert "they part in the instant 7 s: links" in said
    assert "t_end_ns: 9000000000 (9 s) in A, 8000000000 (8 s) in B" in said


def test_plot_and_list(folder: Path) -> None:
    said = call("plot", folder / "rounds", "--out", folder / "f.svg", "--what", "density,map")
    assert "density, map of 3 nodes" in said.stdout
    assert (folder / "f.svg").read_text().startswith("<?xml")
    listed = call("list").stdout
    assert "bundled/" in listed
    name = listed.split("bundled/")[1].split()[0]
    assert call("validate", f"bundled/{name}").exit_code == 0


def test_convert_of_graphs_makes_a_file_a_round_and_says_what_is_lost(folder: Path) -> None:
    said = call("convert", folder / "rounds", folder / "g.graphml", "--rounds")
    assert said.exit_code == 0
    assert "note: " in said.stdout
    assert sorted(file.name for file in folder.glob("*.graphml")) == ["g-0000.graphml", "g-0001.graphml"]


def test_convert_takes_movement_through_a_disc(tmp_path: Path) -> None:
    """Node 1 is 5 m from node 0 and walks away from it, 1 m each second."""
    (tmp_path / "walk").write_text(
        "$node_(0) set X_ 0.0\n$node_(0) set Y_ 0.0\n$node_(1) set X_ 5.0\n$node_(1) set Y_ 0.0\n"
        '$ns_ at 0.0 "$node_(1) setdest 25.0 0.0 1.0"\n'
    )
    call("convert", tmp_path / "walk", tmp_path / "t", "--model", "disc", "--range", 10, "--step", 1, "--to", 20)
    found = json.loads(call("inspect", tmp_path / "t", "--json").stdout)
    assert (found["nodes"], found["contacts"]) == (2, 1)
    assert found["contact_s"]["max"] == pytest.approx(5, abs=1)
    with pytest.raises(UserError, match="--range is for --model disc"):
        call("convert", tmp_path / "walk", tmp_path / "u", "--model", "engine", "--range", 10)
    with pytest.raises(UserError, match="holds no movement"):
        call("convert", tmp_path / "t", tmp_path / "u", "--model", "disc")
