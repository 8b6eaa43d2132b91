"""docs/trace.md: its example is run, and its tables are those of the code."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from testbed.trace import read
from testbed.trace.format import CAUSES, SCHEMAS, UNITS, Header
from testbed.trace.format import VERSION as PRESENT

PAGE = (Path(__file__).parents[2] / "docs/trace.md").read_text("utf-8")
TYPES = {"int32": pa.int32(), "int64": pa.int64(), "real": pa.float64(), "bool": pa.bool_(), "text": pa.string()}


def test_a_trace_made_by_hand_as_the_page_shows_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert "testbed" not in re.sub('"testbed-trace"', "", example)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/trace.md", "exec"), {})
    trace = read("mine")
    assert (len(trace), trace.header.nodes, trace.header.names) == (0, 2, ("ann", "bob"))
    assert trace.links.t_end_ns.tolist() == [3_600 * 10**9, 3 * 3_600 * 10**9]
    assert trace.links.delivery.tolist() == [1.0, 0.8]


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_every_column_is_on_the_page_with_its_type(name: str) -> None:
    section = PAGE.split("\n## Tables", 1)[1].split(f"\n`{name}`", 1)[1].split("\n\n|", 1)[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.*?`) \| (\w+) \|", section, re.MULTILINE)
    columns = [(column, TYPES[kind]) for names, kind in rows for column in re.findall("`(.*?)`", names)]
    assert columns == [(field.name, field.type) for field in SCHEMAS[name]]


def test_the_header_s_keys_units_and_causes_are_on_the_page() -> None:
    section = PAGE.split("## `header.json`", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(Header.model_fields)
    assert all(f'"{unit}": "{name}"' in section for unit, name in UNITS.items())
    assert all(f"`{cause}`" in PAGE for cause in CAUSES.to_pylist())
    assert f"# The link trace, version {PRESENT}" in PAGE
