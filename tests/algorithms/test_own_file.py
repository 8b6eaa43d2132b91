"""Mistakes in an algorithm's file of one's own: each a sentence that says where."""

from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.errors import UserError
from testbed.scenario import Scenario, parse

HEAD = """
from testbed.algorithms import Algorithm

class Mine(Algorithm):
    title = "mine"
"""
MIX = "    def mix(self, training, messages, weights, state):\n        "


def scenario(file: Path, text: str, **sections: dict[str, Any]) -> Scenario:
    file.write_text(text)
    tree: dict[str, dict[str, Any]] = {
        "run": {"rounds": 2},
        "devices": {"count": 3},
        "network": {"kind": "graph"},
        "algorithm": {"name": str(file), "batch_size": 4},
        "output": {"eval_samples": 10},
    }
    for section, keys in sections.items():
        tree[section].update(keys)
    return parse(tree)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "lacks mix"),
        (f"{MIX}return training.trained", "mix should return new models and a new state"),
        (f"{MIX}return training.trained[:, :3], state", r"mix should return models \(3, 7850\).*not \(3, 3\)"),
        (f"{MIX}return self.settings.options['a'], state", r"mix failed: line 7: KeyError: 'a'"),
        (f"{MIX}return training.trained, state\n    def message_bytes(self, n): return 5", "tuple of bytes"),
        (f"{MIX}return training.trained, state\n    exchanges = 0", "exchanges"),
        ("    import sys; sys.exit(3)", "line 6: SystemExit"),
        ("    1 / 0", "line 6: ZeroDivisionError"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        testbed.run(scenario(tmp_path / "mine.py", HEAD + body), tmp_path / "run")


def test_a_file_without_a_title_or_with_two_classes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lacks mix and title"):
        testbed.run(scenario(tmp_path / "a.py", HEAD.replace('    title = "mine"', "    pass")), tmp_path / "run")
    with pytest.raises(UserError, match="defines 2 subclasses"):
        testbed.run(scenario(tmp_path / "b.py", HEAD + HEAD.replace("Mine", "Other")), tmp_path / "run")


def test_local_mode_has_no_place_for_a_point_of_training(tmp_path: Path) -> None:
    body = '    modes = ("local",)\n    def point(self, models, state): return models\n'
    body += f"{MIX}return training.trained, state"
    made = scenario(tmp_path / "mine.py", HEAD + body, run={"mode": "local", "period_s": 1})
    with pytest.raises(UserError, match="defines point"):
        testbed.run(made, tmp_path / "run")


def test_a_run_is_not_gone_on_with_when_its_file_has_changed(tmp_path: Path) -> None:
    body = f"{MIX}return training.trained, state\n"
    made = scenario(tmp_path / "mine.py", HEAD + body)
    testbed.run(made, tmp_path / "run")
    assert testbed.run(made, tmp_path / "run", resume=True).finished
    (tmp_path / "mine.py").write_text(HEAD + body + "# otherwise\n")
    with pytest.raises(UserError, match="files that have changed since"):
        testbed.run(made, tmp_path / "run", resume=True)
