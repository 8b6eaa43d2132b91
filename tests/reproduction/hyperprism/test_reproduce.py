"""From nothing to the page, over random graphs on the embedded digits."""

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from testbed.campaign import Done, Jobs
from testbed.campaign.doing import do
from testbed.errors import UserError
from testbed.reproduction import entry, reproduce
from testbed.reproduction.hyperprism.choice import Choice
from testbed.reproduction.hyperprism.grid import Setting
from testbed.reproduction.hyperprism.plan import Plan
from testbed.results import Run
from tests.campaign.made import Heard
from tests.reproduction.hyperprism.made import PLAN, TASK


@dataclass(frozen=True)
class Tiny(Choice):
    def plan(self) -> Plan:
        task = replace(TASK, tuned_at_base=True)
        return replace(PLAN, tasks=(task,), seeds=1, airs=("graph",), base=Setting(devices=3), values={2: (0.1,)})


def serially(jobs: Jobs, engine: object, data_dir: Path | None, listener: Heard) -> list[Done]:
    """As `work`, in this process."""
    while open_ := jobs.open()[1]:
        done = do(open_[0], jobs.store.root, data_dir)
        assert done is not None
        listener.ended(done)
        listener.counted(*jobs.count())
    return []


def test_all_of_it_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, pages = Heard(), tmp_path / "pages"
    monkeypatch.setattr(entry, "work", serially)
    reproduce(Tiny(), tmp_path / "out", heard, results=pages)
    assert heard.count[0] == heard.count[1] == len(heard.done) > 10
    assert not any(done.failed for done in heard.done)
    page = (pages / "README.md").read_text()
    assert "2 of 2 cells" in page
    assert "| HyperPrism |" in page
    assert "**" in page
    names = {file.name for file in pages.iterdir()}
    assert {"table2.md", "table2.csv", "table2-mnist5k-graph-paper.png", "powers.png", "theory.png"} <= names

    again = Heard()
    reproduce(Tiny(), tmp_path / "out", again, results=tmp_path / "again", only_tables=True)
    assert not again.done
    assert (tmp_path / "again" / "README.md").read_text() == page


@pytest.mark.slow
def test_worker_processes_do_the_same(tmp_path: Path) -> None:
    heard = Heard()
    reproduce(Tiny(lr="paper"), tmp_path / "out", heard, results=tmp_path / "pages", workers=2)
    assert heard.count[0] == heard.count[1] == len(heard.done)
    assert not any(done.failed for done in heard.done)


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "testbed", "reproduce", "hyperprism", "--quick", "--air", "graph", "--lr", "paper"]
    process = subprocess.Popen([*command, "--out", str(tmp_path)], stdout=subprocess.DEVNULL)
    while len(list(tmp_path.glob("quick/cells/*/rounds.parquet"))) < 3:
        time.sleep(0.2)
    process.kill()
    process.wait()
    time.sleep(1)
    tables = [file for file in tmp_path.glob("quick/cells/*/rounds.parquet") if Run(file.parent).finished]
    before = {file: file.stat().st_mtime_ns for file in tables}
    assert before
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, check=True)
    assert "failed" not in done.stdout
    assert all(file.stat().st_mtime_ns == when for file, when in before.items())
    assert "42 of 42 cells" in (tmp_path / "quick/results/README.md").read_text()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for out, results in ((file, None), (tmp_path / "out", file)):
        with pytest.raises(UserError, match="file is a file: name a folder"):
            reproduce(Tiny(), out, Heard(), results=results, only_tables=True)


def test_only_one_thing_can_be_the_only_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--only-airs and --only-tables exclude each other"):
        reproduce(Tiny(), tmp_path / "out", Heard(), only_airs=True, only_tables=True)


def test_missing_data_are_said_before_anything_is_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cifar10 is not on this machine"):
        reproduce(Choice(data="cifar10"), tmp_path / "out", Heard(), data_dir=tmp_path)
    assert not (tmp_path / "out").exists()
