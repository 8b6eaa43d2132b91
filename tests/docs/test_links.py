"""Every link of README and docs leads somewhere, to a heading that is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import FENCE, PAGES, name, prose

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings]
    return {
        each if plain[:at].count(each) == 0 else f"{each}-{plain[:at].count(each)}" for at, each in enumerate(plain)
    }


def broken(page: Path) -> list[str]:
    found = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Is it right?\n[a](page.md#is-it-right) [b](page.md#wrong) [c](none.md) `[d](code.md)` [e](https://e.org)\n"
    )
    assert broken(page) == ["page.md#wrong", "none.md"]
