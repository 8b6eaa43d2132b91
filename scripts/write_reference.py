"""Write docs/scenario.md from the scenario's definitions: python scripts/write_reference.py"""

from pathlib import Path

from testbed.scenario.reference import reference

page = Path(__file__).parents[1] / "docs" / "scenario.md"
page.write_text(reference(), "utf-8")
print(page)
