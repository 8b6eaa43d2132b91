"""Figures as SVG that belongs to a page: its colours follow the page's theme, and nothing in it acts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup

from testbed.errors import UserError
from testbed.report import plot, plot_network
from testbed.report.style import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
LOOK: Any = {"svg.fonttype": "none", "path.simplify_threshold": 0.4}

SCALE = 1.55
"""Pixels of a wide screen for a point of paper."""

BROAD = 400
"""Points from which on a figure is not shrunk to a phone's width, but can be moved there."""

TAGS = {"svg", "g", "path", "use", "text", "tspan", "defs", "clipPath", "rect"}
PLAIN = {"d", "transform", "x", "y", "width", "height", "viewBox", "id", "clip-path"}
STYLED = {
    *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray"),
    *("stroke-dashoffset", "stroke-linejoin", "stroke-linecap", "stroke-miterlimit", "opacity"),
    *("font-size", "font-style", "font-weight", "text-anchor"),
}
"""Elements, attributes and style properties that are kept; all else is left out."""

THEME = {
    "#000000": "var(--ink)",
    "#ffffff": "var(--panel)",
    **dict.fromkeys(("#555555", "#777777", "#333333", "#808080"), "var(--muted)"),
    **dict.fromkeys(("#b0b0b0", "#cccccc", "#e4e4e4"), "var(--line)"),
    **{colour.lower(): f"var(--c{number})" for number, colour in enumerate(COLOURS[:-1])},
}
"""Colours of the figures' style, as the page's style sheet has them."""


class Picture:
    """A figure, or the sentence why there is none."""

    def __init__(self, title: str, number: int, draw: Callable[[Path], str]) -> None:
        """`draw` writes the file that it is given and says what it drew."""
        self.title, self.svg, self.said = title, Markup(), ""
        with TemporaryDirectory() as folder, mpl.rc_context(LOOK):
            file = Path(folder) / "figure.svg"
            try:
                self.said = draw(file).removeprefix(f"{file}: ")
                self.svg = themed(file.read_text("utf-8"), f"f{number}-", title)
            except UserError as error:
                self.said = str(error)


def of_run(folder: Path, traced: bool) -> list[Picture]:
    """The figures of one run."""
    found = of_runs([folder], ("rounds", "time"))
    parts = ("time", "delay", "devices")
    drawn = [Picture("The network", 2, partial(plot_network, folder, parts=parts))] if traced else []
    return found + drawn


TITLES = {
    "density": "Accuracy and time to target against density",
    "rounds": "Accuracy against rounds",
    "time": "Accuracy against simulated time and bytes",
}


def of_runs(folders: list[Path], kinds: tuple[str, ...] = tuple(TITLES)) -> list[Picture]:
    """The figures over runs, those of `testbed plot KIND`."""
    return [Picture(TITLES[kind], number, partial(plot, kind, folders)) for number, kind in enumerate(kinds)]


def themed(svg: str, prefix: str, label: str) -> Markup:
    """An SVG of matplotlib as an element of a page: ids begin with `prefix`, `label` names it to who cannot see it.

    Styles become attributes, which a page may have that forbids styles within elements.
    """
    root = _cleaned(ElementTree.fromstring(svg), prefix)
    points = float(root.get("viewBox", "0 0 0 0").split()[2])
    root.attrib |= {"role": "img", "aria-label": label, "width": str(round(SCALE * points))}
    root.set("class", "broad" if points > BROAD else "narrow")
    del root.attrib["height"]  # follows from the width
    return Markup(ElementTree.tostring(root, "unicode", short_empty_elements=False))  # its texts are escaped


def _cleaned(element: ElementTree.Element, prefix: str) -> ElementTree.Element:
    clean = ElementTree.Element(element.tag.removeprefix(SVG))
    clean.text, clean.tail = element.text, element.tail
    styles = (part.partition(":") for part in element.get("style", "").split(";"))
    given = {name.strip(): value.strip() for name, _, value in styles}
    for name, value in (element.attrib | given).items():
        if name in STYLED:
            clean.set(name, THEME.get(value, value))
        elif name in PLAIN:
            clean.set(name, value.replace("url(#", f"url(#{prefix}") if name != "id" else prefix + value)
        elif name == LINK and value.startswith("#"):
            clean.set("href", f"#{prefix}{value[1:]}")
    clean.extend(_cleaned(child, prefix) for child in element if child.tag.removeprefix(SVG) in TAGS)
    return clean
