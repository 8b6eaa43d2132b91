"""What stands in README and docs: the pages, their prose, and their blocks of code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<mark><!-- run -->\n)?```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
INDENTED = re.compile(r"(?:^|\n\n)((?:    [^\n]*\n|\n(?=    ))+)")


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    title: str
    """The file that the block is the content of, if it says so."""
    runs: bool
    """Marked as one that can be run as it stands."""
    body: str


def blocks(page: Path) -> list[Block]:
    """Blocks of code, fenced or indented, in the order of the page for each kind."""
    text = page.read_text("utf-8")
    fenced = [
        Block(page, found["language"], _title(found["rest"]), bool(found["mark"]), found["body"])
        for found in FENCE.finditer(text)
    ]
    indented = [re.sub("^    ", "", body, flags=re.MULTILINE) for body in INDENTED.findall(FENCE.sub("", text))]
    return fenced + [Block(page, "", "", False, body) for body in indented]


def prose(page: Path) -> str:
    """A page without its code."""
    text = INDENTED.sub("\n\n", FENCE.sub("", page.read_text("utf-8")))
    return re.sub(r"`[^`\n]*`", "``", text)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _title(rest: str) -> str:
    found = re.search(r'title="([^"]+)"', rest)
    return found[1] if found else ""
