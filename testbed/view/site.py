"""What the server says to each address. Files of a run are read and told of; none is handed out as it is."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from testbed.view.catalogue import Catalogue
from testbed.view.detail import detail
from testbed.view.digest import UNREADABLE, opened
from testbed.view.reports import Reports

PAGES = {"/": "list.html", "/run": "run.html", "/compare": "compare.html"}
OWN = ("common.js", "chart.js", "list.js", "run.js", "compare.js", "view.css")
OF_REPORTS = ("page.css", "themes.js", "tables.js")
"""Styles and scripts, and those that the report has as well."""

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Beside the one that the report itself has, which allows its own script and style by their hashes, and no request."""


@dataclass(frozen=True)
class Answer:
    """To a request."""

    status: int
    body: bytes
    kind: str
    policy: str = POLICY
    more: Mapping[str, str] = field(default_factory=dict)


def said(status: int, sentence: str, **more: str) -> Answer:
    """A sentence for people."""
    return Answer(status, f"{sentence}\n".encode("utf-8", "replace"), "text/plain", more=more)


class Site:
    """The pages over the runs below a folder."""

    def __init__(self, root: Path) -> None:
        self.catalogue = Catalogue(root)
        self._reports = Reports()
        self._told: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "/api/runs": self._runs,
            "/api/run": self._run,
            "/report": self._report,
        }

    def answer(self, target: str) -> Answer:
        """To GET of `target`, a path and a query."""
        try:
            return self._answer(urlsplit(target))
        except UNREADABLE as error:
            return said(422, str(error))

    def _answer(self, found: SplitResult) -> Answer:
        if found.path in PAGES:
            return _static(PAGES[found.path])
        if found.path.removeprefix("/static/") in (*OWN, *OF_REPORTS):
            return _static(found.path.removeprefix("/static/"))
        if found.path not in self._told:
            return said(404, "There is no such page here.")
        query = {name: values[-1] for name, values in parse_qs(found.query).items()}
        return self._told[found.path](query)

    def _runs(self, query: Mapping[str, str]) -> Answer:
        return _json(self.catalogue.news(_whole(query.get("since"))))

    def _run(self, query: Mapping[str, str]) -> Answer:
        found = self.catalogue.find(query.get("path", ""))
        if found is None or found.is_sweep:
            return said(404, "There is no such run.")
        return _json(detail(opened(found.folder), _whole(query.get("since")), query.get("of", "")))

    def _report(self, query: Mapping[str, str]) -> Answer:
        found = self.catalogue.find(query.get("path", ""))
        if found is None:
            return said(404, "There is no such run or sweep.")
        return Answer(200, self._reports.of(found.folder), "text/html", REPORT_POLICY)


def _json(values: object) -> Answer:
    return Answer(200, json.dumps(values, allow_nan=False).encode(), "application/json")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else 0


@cache
def _static(name: str) -> Answer:
    room = "testbed.page" if name in OF_REPORTS else "testbed.view"
    kind = TYPES[name.rpartition(".")[2]]
    return Answer(200, resources.files(room).joinpath("static", name).read_bytes(), kind)
