"""The page of a run or a sweep: one HTML file that holds all it shows."""

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from testbed.errors import UserError
from testbed.page import facts, pictures, summary
from testbed.page.cells import readable, table
from testbed.page.facts import Facts
from testbed.page.shown import Shown, shown
from testbed.results import Sweep, runs_in
from testbed.results.manifest import version_of

SCRIPTS = ("unpack", "colours", "network", "scene", "strip", "player", "themes", "tables", "page")
"""In the order in which they need each other."""

SWEEP = "sweep.toml"
"""The description of a sweep, in its folder."""

MOST_NAMED = 8
"""Cells that an error names."""


def write_page(folder: Path, out: Path, cell: str | None = None) -> str:
    """Write the page of the run or sweep in `folder` to `out`; a line that says so, with its size.

    `cell`: which cell of a sweep is replayed, by default the first finished one. Raises UserError for a folder that
    holds no run, a damaged table, an unknown cell, and an `out` that is no .html in a folder that there is.
    """
    if out.suffix != ".html":
        raise UserError(f"{out} should end in .html.")
    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent} to write {out.name} to: make it, or choose another --out.")
    content = page(folder, cell).encode("utf-8", "replace")  # half a character can be spelt in JSON
    out.write_bytes(content)
    return f"{out}: {len(content) / 1e6:.2f} MB, one file for any browser, offline."


def page(folder: Path, cell: str | None = None) -> str:
    """The page as text; see `write_page`."""
    runs = runs_in(folder)
    if runs != [folder]:
        return _of_sweep(folder, runs, cell)
    if cell is not None:
        raise UserError(f"{folder} is a run, which has no cells: leave out --cell.")
    return _of_run(facts.facts(folder))


def _of_run(run: Facts) -> str:
    seen = shown(run)
    return _rendered(
        title=run.name,
        sentence=seen.sentence,
        status=run.status,
        progress=summary.progress(run),
        pictures=pictures.of_run(run.run.folder, seen.replay is not None) if run.rounds else [],
        **_again(run),
        **seen.values(),
    )


def _of_sweep(folder: Path, runs: list[Path], cell: str | None) -> str:
    found = readable(runs)
    chosen = _chosen(folder, found, cell)
    planned = len(Sweep(folder).cells) if Sweep.is_one(folder) else len(runs)
    cells = table(found, chosen, planned)
    values: dict[str, Any] = {"no_replay": "No cell has a whole round: there is nothing to replay."}
    if chosen and isinstance(run := found[chosen], Facts):
        seen = _seen(run)
        values = _again(run) | seen.values() | {"replayed": chosen.name, "replayed_sentence": seen.sentence}
    described = facts.beginning(folder / SWEEP)
    texts = [(SWEEP, described)] if described else []
    begun = [each for each, known in found.items() if isinstance(known, Facts) and known.rounds]
    return _rendered(
        title=folder.resolve().name,
        sentence=f"A sweep of {planned} cell{'s' * (planned > 1)}",
        status="finished" if cells.finished == planned else "unfinished",
        progress=cells.progress,
        cells=cells,
        pictures=pictures.of_runs(begun) if begun else [],
        **values | _commanded(folder) | {"scenarios": [*texts, *values.get("scenarios", [])]},
    )


def _seen(run: Facts) -> Shown:
    """A cell's damage is said in place of its replay: the others are to be seen."""
    try:
        return shown(run)
    except UserError as error:
        return Shown(run, None, missing=str(error))


def _chosen(folder: Path, found: dict[Path, Facts | str], cell: str | None) -> Path | None:
    """The cell that is replayed."""
    if cell is not None:
        named = {each.name: each for each in found}
        if cell not in named:
            more = ", ..." * (len(named) > MOST_NAMED)
            raise UserError(f"{folder} has no cell {cell!r}: it has {', '.join(list(named)[:MOST_NAMED])}{more}.")
        if isinstance(complaint := found[named[cell]], str):
            raise UserError(complaint)
        return named[cell]
    begun = {each: known.run.finished for each, known in found.items() if isinstance(known, Facts) and known.rounds}
    return next((each for each, finished in begun.items() if finished), next(iter(begun), None))


def _commanded(folder: Path) -> dict[str, Any]:
    """The command that makes the sweep again, where it is known."""
    command = Sweep(folder).command if Sweep.is_one(folder) else ""
    return {"commands": [command]} if command else {}


def _again(run: Facts) -> dict[str, Any]:
    """What makes it again."""
    command = facts.text(run.run.manifest.get("command"))
    scenarios = [("scenario.toml", run.toml)] if run.toml else []
    return {"commands": [command] if command else [], "scenarios": scenarios, "stopped": run.stopped}


NOTHING: dict[str, Any] = {
    **dict.fromkeys(("cells", "replay"), None),
    **dict.fromkeys(("stopped", "no_replay", "replayed", "replayed_sentence"), ""),
    **dict.fromkeys(("numbers", "commands", "scenarios", "origin"), ()),
}
"""What a page need not have."""


def _rendered(**values: Any) -> str:
    style, script = _static("page.css"), "\n".join(_static(f"{name}.js") for name in SCRIPTS)
    script = f'"use strict";\n{script}'
    loader = PackageLoader("testbed.page", "static")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    own = {
        "style": Markup(style),
        "script": Markup(script),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "version": version_of("testbed") or "",
    }
    return templates.get_template("page.html").render(NOTHING | values | own)


def _hash(text: str) -> str:
    """As a Content-Security-Policy names what it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _static(name: str) -> str:
    return resources.files("testbed.page").joinpath("static", name).read_text("utf-8")
