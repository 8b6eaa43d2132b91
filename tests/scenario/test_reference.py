"""The page on scenario files is made from the definitions, and up to date."""

from pathlib import Path

from testbed.scenario import Scenario
from testbed.scenario.reference import reference
from testbed.scenario.schema import sections


def test_every_key_is_described() -> None:
    page = reference()
    assert list(sections()) == list(Scenario.model_fields)
    for section, kind in sections().items():
        assert f"`[{section}]`" in page
        for key, info in kind.model_fields.items():
            assert f"| `{key}` |" in page
            assert info.description, key


def test_the_page_in_docs_is_what_the_definitions_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "scenario.md"
    assert page.read_text("utf-8") == reference(), "run `make docs`"
