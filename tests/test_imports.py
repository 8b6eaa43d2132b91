"""The laws of the layout: which room may import which, and what importing testbed costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import testbed

ROOT = Path(testbed.__file__).parent
GROUND = {"errors", "exchange", "kernel", "matching", "movement", "places", "scenario", "seeds", "tables", "threads"}
ALLOWED = {
    "errors": set(),
    "seeds": set(),
    "exchange": set(),
    "tables": set(),
    "threads": set(),
    "kernel": set(),
    "matching": set(),
    "movement": set(),
    "scenario": set(),
    "places": set(),
    "devices": set(),
    "aggregation": set(),
    "learning": set(),
    "algorithms": {"aggregation", "learning"},
    "lora": {"aggregation", "algorithms", "learning"},
    "trace": set(),
    "network": {"trace"},
    "results": set(),
    "session": {"aggregation", "algorithms", "devices", "learning", "lora", "network", "results", "trace"},
    "report": {"results", "trace"},
    "page": {"report", "results", "trace"},
    "view": {"page", "results"},
    "trackers": {"results", "session"},
    "bench": {"aggregation", "algorithms", "learning", "lora", "session", "results", "trace", "network"},
    "campaign": {"learning", "results", "session", "trace"},
    "sweep": {"campaign", "learning", "network", "results", "session"},
    "reproduction": {"campaign", "learning", "lora", "report", "results", "session", "trace"},
    "console": {
        "bench",
        "campaign",
        "learning",
        "network",
        "report",
        "reproduction",
        "results",
        "session",
        "sweep",
        "trace",
        "trackers",
    },
    "cli": {"console", "page", "report", "reproduction", "session", "trace", "view"},
}


def imports(file: Path) -> set[str]:
    """Dotted names of all that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / f"{room}.py"]


def test_every_room_has_a_law() -> None:
    rooms = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert rooms - {"__init__", "__main__"} == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    for file in files(room):
        ours = {name.split(".")[1] for name in imports(file) if name.startswith("testbed.")}
        assert ours <= ALLOWED[room] | GROUND | {room}, file


@pytest.mark.parametrize(
    "room",
    [
        "network",
        "devices",
        "trace",
        "exchange",
        "kernel",
        "matching",
        "session/timing",
        "tables",
        "scenario",
        "results",
        "report",
        "page",
        "view",
    ],
)
def test_the_network_side_never_imports_torch(room: str) -> None:
    for file in files(room):
        assert not any(name.split(".")[0] == "torch" for name in imports(file)), file


def test_no_module_of_the_timing_pass_leads_to_torch() -> None:
    """The package around them does; here it is empty."""
    code = (
        "import sys, types, testbed; session = sys.modules['testbed.session'] = types.ModuleType('testbed.session'); "
        "session.__path__ = [testbed.__path__[0] + '/session']; import testbed.session.timing; "
        "print('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False"]


def test_importing_testbed_loads_neither_torch_nor_ns3() -> None:
    code = "import sys, testbed, testbed.trace, testbed.network; print('torch' in sys.modules, 'ns' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("verb", [["cache", "list"], ["data", "list"], ["trace", "list"]])
def test_a_verb_loads_what_it_needs_alone(verb: list[str]) -> None:
    """torch and matplotlib take seconds."""
    code = (
        f"import sys; from testbed.cli import app; app({verb}, standalone_mode=False); "
        "print(*({'torch', 'matplotlib', 'ray'} & set(sys.modules)), 'end')"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "end"
