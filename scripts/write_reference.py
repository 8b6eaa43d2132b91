"""Write docs/scenario.md and docs/cli.md from the definitions: python scripts/write_reference.py"""

from pathlib import Path

from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from testbed.cli import app
from testbed.scenario.reference import reference

DOCS = Path(__file__).parents[1] / "docs"


def commands() -> str:
    """The page on the command line, by typer, from the verbs' own help."""
    tree = get_command(app)
    page = get_docs_for_click(
        obj=tree, ctx=Context(tree, info_name="testbed"), name="testbed", title="The command line"
    )
    shell = ("* `--install-completion`", "* `--show-completion`")
    return "\n".join(line for line in page.splitlines() if not line.startswith(shell)) + "\n"


PAGES = {"scenario.md": reference, "cli.md": commands}

if __name__ == "__main__":
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), "utf-8")
        print(DOCS / name)
