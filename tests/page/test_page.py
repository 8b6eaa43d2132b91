"""The page as a file: what it tells, what it escapes, and the sentences for what cannot be shown."""

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from testbed.cli import app
from testbed.errors import UserError
from testbed.page import page, write_page
from testbed.page.facts import facts
from tests.page import made
from tests.page.made import HOSTILE


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have tests of their own, and take seconds."""
    monkeypatch.setattr("testbed.page.pictures.of_run", lambda *_: [])
    monkeypatch.setattr("testbed.page.pictures.of_runs", lambda *_: [])


def words(text: str) -> str:
    """What a reader sees, roughly."""
    plain = re.sub(r"<(style|script).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", plain)))


def test_a_run_is_summed_up(tmp_path: Path) -> None:
    text = words(page(made.run(tmp_path / "a")))
    assert "HyperPrism on mnist5k, 3 devices, 802.11a over ns-3, mode barrier, seed 7" in text
    assert "finished after 3 rounds" in text
    assert "best mean accuracy 0.8000 after 3 rounds" in text  # of .9, .7, .8
    assert "deliveries 3 of 6 arrived" in text
    assert "testbed run a.toml" in text
    assert 'name = "mine"' in text
    assert "ns3 not installed" in text


def test_texts_of_a_run_are_escaped_everywhere(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a", name=HOSTILE, done=False)
    made.spoil(folder, command=HOSTILE, seed=HOSTILE, status=HOSTILE, versions={HOSTILE: HOSTILE}, git_commit=HOSTILE)
    (folder / "log.jsonl").write_text(json.dumps({"event": "stopped", "reason": HOSTILE}))
    text = page(folder)
    assert HOSTILE not in text
    assert "<img" not in text
    assert text.count("</script>") == 2  # of the data and of the page's own
    assert words(text).count(HOSTILE) >= 8


def test_nothing_of_a_run_ends_the_script_of_data(tmp_path: Path) -> None:
    text = page(made.run(tmp_path / "a"))
    (data,) = re.findall(r'<script type="application/json" id="replay-data">(.*?)</script>', text, re.DOTALL)
    assert "<" not in data
    assert json.loads(data)["rounds"] == 3


def test_the_page_allows_its_own_script_and_style_and_nothing_else(tmp_path: Path) -> None:
    text = page(made.run(tmp_path / "a"))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for kind, tag in (("script-src", "<script>(.*?)</script>"), ("style-src", "<style>(.*?)</style>")):
        (own,) = re.findall(tag, text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind} &#39;sha256-{digest}&#39;" in policy or f"{kind} 'sha256-{digest}'" in policy
    assert not re.search(r"\sstyle=|\son\w+=", re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL))
    assert not re.search(r"https?://|//[a-z]+\.", re.sub(r"//[^\n]*\n", "\n", text))


def test_the_same_run_is_the_same_page(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    assert page(folder) == page(folder)


def test_a_run_without_a_trace_says_so(tmp_path: Path) -> None:
    text = page(made.run(tmp_path / "a", traced=False))
    assert "The run has no trace" in text
    assert "<canvas" not in text
    assert "best mean accuracy" in text


def test_a_diverged_run_says_why_it_stopped(tmp_path: Path) -> None:
    text = words(page(made.run(tmp_path / "a", done=False)))
    assert "diverged after 3 rounds" in text
    assert "the loss 1e9 of device 1" in text


def test_a_run_without_a_whole_round_is_a_page(tmp_path: Path) -> None:
    text = words(page(made.run(tmp_path / "a", [], traced=False, done=False)))
    assert "No round is whole yet" in text
    assert "testbed run a.toml" in text


def test_a_run_that_measured_nothing_says_so(tmp_path: Path) -> None:
    text = words(page(made.run(tmp_path / "a", [[float("nan")] * 3])))
    assert "accuracy none no round was evaluated" in text
    assert "Accuracy of the devices: never measured" in text


def test_a_manifest_of_other_types_is_no_harm(tmp_path: Path) -> None:
    folder = made.spoil(made.run(tmp_path / "a"), versions=[1], host="x", seed={}, command=None, wall_s="\ud800")
    assert "The manifest names no command" in page(folder)
    assert write_page(folder, tmp_path / "a.html").startswith(f"{tmp_path / 'a.html'}: 0.")


def test_a_file_that_a_scenario_names_is_not_looked_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text('class Mine:\n    title = "what nobody should see"\n')
    run = made.run(tmp_path / "run", algorithm={"name": str(secret)})
    assert facts(run).algorithm == "secret"
    assert "what nobody should see" not in page(run)


def test_a_scenario_that_is_none_is_no_harm(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    (folder / "scenario.toml").write_bytes(b"\xff run = ")
    assert "unknown on unknown data" in words(page(folder))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        page(tmp_path)
    with pytest.raises(UserError, match="There is no run"):
        page(tmp_path / "nowhere")


def test_damaged_and_foreign_tables_are_refused_by_name(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    (folder / "rounds.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(UserError, match=r"rounds\.parquet is damaged"):
        page(folder)
    pq.write_table(pa.table({"round": ["first"]}), folder / "rounds.parquet")
    with pytest.raises(UserError, match="table 'rounds' is foreign or damaged: it has no column 'round' of numbers"):
        page(folder)


def test_a_damaged_trace_is_refused(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    (folder / "trace" / "links.parquet").write_bytes(b"")
    with pytest.raises(UserError, match=r"links\.parquet is damaged"):
        page(folder)


def test_where_it_cannot_be_written_is_said(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    with pytest.raises(UserError, match=r"There is no folder .*nowhere to write"):
        write_page(folder, tmp_path / "nowhere" / "a.html")
    with pytest.raises(UserError, match=r"should end in \.html"):
        write_page(folder, tmp_path / "a.pdf")


def sweep(folder: Path) -> Path:
    """A cell that diverged before it had a round, two finished ones, and a damaged one."""
    for name, rate in (("b", 0.1), ("c", 0.5)):
        made.run(folder / "cells" / name, algorithm={"name": "dpsgd", "lr": rate})
    made.run(folder / "cells" / "a", [], traced=False, done=False)
    made.run(folder / "cells" / "d")
    (folder / "cells" / "d" / "rounds.parquet").write_bytes(b"")
    (folder / "sweep.toml").write_text(f"# {HOSTILE}")
    return folder


def test_a_sweep_is_a_table_of_its_cells(tmp_path: Path) -> None:
    text = page(sweep(tmp_path / "density"))
    plain = words(text)
    assert "A sweep of 4 cells" in plain
    assert "3 of 4 cells are finished" in plain
    assert "algorithm.lr" in plain  # in which they differ
    assert "run.rounds" in plain
    assert "data.name" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)  # in which they do not
    assert re.search(r"b D-PSGD 7 .*0\.1 finished 3 0\.333 0\.8000", plain)
    assert "rounds.parquet is damaged" in plain
    assert "The replayed cell, b" in plain  # the first finished one
    assert f"# {HOSTILE}" in plain
    assert HOSTILE not in text


def test_cells_that_were_not_begun_are_counted(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "density")
    cells = [{"name": name, "label": name, "seed": 1, "keys": {}} for name in "abcdef"]
    (folder / "plan.json").write_text(json.dumps({"format": 1, "name": "density", "axes": {}, "cells": cells}))
    plain = words(page(folder))
    assert "A sweep of 6 cells" in plain
    assert "3 of 6 cells are finished" in plain


def test_a_run_that_goes_on_does_not_say_why_it_stopped_before(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a", done=False)
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps({"event": "resumed", "round": 3}) + "\n")
    assert "Stopped:" not in words(page(folder))


def test_another_cell_is_replayed_where_it_is_named(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "density")
    assert "The replayed cell, c" in page(folder, "c")
    with pytest.raises(UserError, match="has no cell 'x': it has a, b, c, d"):
        page(folder, "x")
    with pytest.raises(UserError, match="is damaged"):
        page(folder, "d")
    with pytest.raises(UserError, match="is a run, which has no cells"):
        page(folder / "cells" / "b", "b")


def test_the_verb_writes_report_html_where_one_is_and_leaves_the_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made.run(tmp_path / "a")
    before = sorted(folder.rglob("*"))
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["report", "a"])
    assert found.exit_code == 0
    assert found.output.startswith("report.html: 0.")
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert sorted(folder.rglob("*")) == before
