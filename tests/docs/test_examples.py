"""The examples in README and docs: commands that the command line takes, scenarios that are ones, Python that runs."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

import testbed
from scripts.write_reference import DOCS, commands
from testbed.cli import app
from testbed.scenario import parse
from testbed.scenario.files import override
from testbed.scenario.schema import sections
from tests.docs.pages import PAGES, Block, blocks, name
from tests.session.scenarios import small

COMMANDS = [
    (page, line)
    for page in PAGES
    for block in blocks(page)
    if block.language in ("", "sh", "bash", "shell")
    for line in re.findall(r"^(?:\.venv/bin/)?(testbed .*)$", block.body.replace("\\\n", " "), re.MULTILINE)
]
FENCED = [block for page in PAGES for block in blocks(page) if block.language in ("toml", "python")]
TITLED = [block for block in FENCED if block.title]


def complaint(line: str) -> str:
    """What is wrong with a command; nothing is run."""
    _, *words = shlex.split(line, comments=True)
    command = get_command(app)
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            return f"no verb {words[:1]}"
        command = command.commands[words.pop(0)]
    try:
        options = command.make_context(command.name, words).params
    except Exception as error:
        return str(error) or type(error).__name__
    tree: dict[str, dict[str, object]] = {}
    override(tree, (options.get("overrides") or []) if command.name in ("run", "record", "replay") else [])
    return unknown(tree)


def unknown(tree: dict[str, dict[str, object]]) -> str:
    """Keys of a scenario that there are not."""
    wrong = [
        f"{section}.{key}"
        for section, keys in tree.items()
        for key in keys
        if section not in sections() or key not in sections()[section].model_fields
    ]
    return f"no keys {wrong}" if wrong else ""


def described(block: Block) -> str:
    return f"{name(block.page)}: {block.title or block.body.splitlines()[0]}"


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda each: each if isinstance(each, str) else name(each))
def test_a_command_is_one(page: Path, line: str) -> None:
    assert complaint(line) == ""


@pytest.mark.parametrize(
    "line",
    [
        "testbed rnu a.toml",
        "testbed run a.toml --sed 1",
        "testbed run a.toml --set run.sed=1",
        "testbed plot",
        "testbed run",
    ],
)
def test_a_command_that_is_none_is_found(line: str) -> None:
    assert complaint(line)


@pytest.mark.parametrize("block", FENCED, ids=described)
def test_a_block_is_what_it_says(block: Block) -> None:
    if block.language == "python":
        compile(block.body, described(block), "exec")
    else:
        tree = tomllib.loads(block.body)
        if set(tree) <= set(sections()):
            assert unknown(tree) == ""


@pytest.mark.parametrize(
    "block", [block for block in TITLED if block.language == "toml" and "[sweep]" not in block.body], ids=described
)
def test_a_whole_scenario_runs(block: Block, tmp_path: Path) -> None:
    tree = tomllib.loads(block.body)
    tree["run"]["rounds"], tree["output"] = 2, {"eval_samples": 50}
    assert testbed.run(parse(tree), tmp_path / "run").finished


def test_the_algorithm_of_the_how_to_runs_and_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [block] = [block for block in TITLED if block.title == "cautious.py"]
    (tmp_path / "cautious.py").write_text(block.body)
    monkeypatch.chdir(tmp_path)
    distance = {}
    for c in (0.0, 0.001, 1e6):
        run = testbed.run(small(algorithm={"name": "cautious.py", "options": {"c": c}}), tmp_path / str(c))
        distance[c] = run.rounds["consensus_distance"][-1]
    atc = testbed.run(small(algorithm={"name": "atc"}), tmp_path / "atc").rounds["consensus_distance"][-1]
    assert distance[0.0] > distance[0.001] > distance[1e6]
    assert distance[1e6] == pytest.approx(atc, rel=1e-5)


@pytest.mark.parametrize("page", [page for page in PAGES if any(block.runs for block in blocks(page))], ids=name)
def test_python_that_is_marked_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).write_text(block.body)
        if block.runs:
            exec(compile(block.body, described(block), "exec"), {})


def test_the_page_on_the_command_line_is_what_the_verbs_say() -> None:
    assert (DOCS / "cli.md").read_text("utf-8") == commands(), "run `make docs`"
