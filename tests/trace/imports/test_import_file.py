"""A file of others becomes a trace: known by its content, with its provenance, the same every time."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.trace import read, write
from testbed.trace.imports import FORMATS, detect, import_file
from testbed.trace.imports.base import Options
from tests.trace.imports.samples import OPTIONS, SAMPLES, assert_sound, imported

TABLES = ("one", "imote", "sociopatterns", "contacts", "csv")


@pytest.mark.parametrize("format", FORMATS)
def test_every_sample_is_known_and_becomes_a_trace_that_can_be_kept(tmp_path: Path, format: str) -> None:
    trace = imported(tmp_path / "sample", SAMPLES[format], None, OPTIONS.get(format))
    assert_sound(trace)
    assert len(trace.links)
    assert trace.header.network["format"] == format == detect(tmp_path / "sample")
    write(trace, tmp_path / "trace")
    again = read(tmp_path / "trace")
    assert (again.links, again.nodes, again.header.names) == (trace.links, trace.nodes, trace.header.names)


@pytest.mark.parametrize("format", FORMATS)
def test_provenance_names_the_file_its_content_and_what_was_stated(tmp_path: Path, format: str) -> None:
    first = imported(tmp_path / "sample", SAMPLES[format], format)
    assert first.header == imported(tmp_path / "sample", SAMPLES[format], format).header
    step = first.header.provenance[0]
    assert (step["step"], step["format"], step["file"]) == ("import", format, "sample")
    assert step["sha256"] == hashlib.sha256(SAMPLES[format]).hexdigest()
    assert step["options"] == ({"time_unit": "s"} if format == "contacts" else step["options"])
    assert str(tmp_path) not in first.header.model_dump_json()


@pytest.mark.parametrize("content", [b"hello\n", b"1 2\n", b"a,b,c\n1,2,3\n", b"{}", b"1 2 3 4 5 6 7\n"])
def test_a_file_of_no_format_is_refused_with_all_formats_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError, match="is of no format that is known: say which one with --format") as error:
        imported(tmp_path / "file", content)
    assert all(f"{name}: " in str(error.value) for name in FORMATS)


def test_a_file_that_could_be_of_two_formats_is_refused_with_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FORMATS["imote"], "recognises", lambda head: True)
    with pytest.raises(UserError, match=r"could be of several formats: .*--format\.\n  imote: .*\n  sociopatterns: "):
        imported(tmp_path / "file", SAMPLES["sociopatterns"])


@pytest.mark.parametrize("stated", TABLES)
@pytest.mark.parametrize("real", TABLES)
def test_the_wrong_format_gives_that_formats_complaint_with_the_line(tmp_path: Path, real: str, stated: str) -> None:
    if stated == real:
        return
    options = Options(time_unit="s") if stated == "contacts" else Options()
    with pytest.raises(UserError, match=r"file, line [12]: "):
        imported(tmp_path / "file", SAMPLES[real], stated, options)


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--format 'tar' is not known: choose one of one, imote"):
        imported(tmp_path / "file", b"", "tar")


def test_a_name_that_is_no_unicode_can_be_kept(tmp_path: Path) -> None:
    trace = imported(tmp_path / "a\udcff.dat", SAMPLES["sociopatterns"])
    assert trace.header.provenance[0]["file"] == "a?.dat"
    trace.header.model_dump_json()


@pytest.mark.slow
def test_a_long_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """100 MB of rows, 7 million, in a process of its own; as it is read in blocks, 1 GB takes little more."""
    import subprocess
    import sys

    file = tmp_path / "long.dat"
    rng = np.random.default_rng(0)
    pairs = np.stack(np.triu_indices(400, 1), 1)
    active = np.zeros(len(pairs), bool)
    with file.open("wb") as out:
        for t in range(20, 20 * 3000, 20):
            active = (active & (rng.random(len(pairs)) > 1 / 30)) | (rng.random(len(pairs)) < 0.0008)
            out.write("".join(f"{t}\t{a}\t{b}\n" for a, b in pairs[active].tolist()).encode())
    code = (
        "import resource, sys; from testbed.trace.imports import import_file\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = import_file(sys.argv[1]).header.network['rows']\n"
        "print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    rows, mib = map(int, done.stdout.split())
    assert rows > 5_000_000
    assert mib < 600
    assert time.monotonic() - began < 60


def test_import_file_takes_a_path_as_text(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(SAMPLES["imote"])
    assert import_file(str(tmp_path / "file"), "imote").header.nodes == 3
