"""Names of algorithms, of policies on ranks and of merges: those of the files that define them, one each.

Nothing is imported for it.
"""

import ast
from difflib import get_close_matches
from pathlib import Path

import testbed

HOME = Path(testbed.__file__).parent
FOLDER = HOME / "algorithms"
POLICIES, MERGES = HOME / "lora" / "policies", HOME / "lora" / "merges"


def names(folder: Path = FOLDER) -> list[str]:
    """Names that the files of a folder define: those that `algorithm.name` may have, beside a Python file."""
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")


def is_file(name: str) -> bool:
    """Whether a name is that of a file of the user's own."""
    return name.endswith(".py")


def title(name: str) -> str:
    """An algorithm's name as people write it: the text `title` of its class; the name itself where that is not to be
    found."""
    file = Path(name) if is_file(name) else FOLDER / f"{name}.py"
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return name
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="title")], value=ast.Constant(value=str(text)))
                | ast.AnnAssign(target=ast.Name(id="title"), value=ast.Constant(value=str(text)))
            ):
                return text
    return name


def complaint(name: str) -> str | None:
    """What is wrong with a name, if anything."""
    if is_file(name) or name in names():
        return None
    return f"{unknown('algorithm.name', name, 'an algorithm', names())}, or a Python file"


def unknown(key: str, name: str, kind: str, known: list[str]) -> str:
    """A sentence on a name that is none of those known."""
    near = get_close_matches(name, known, 1, 0.4)
    said = f"did you mean {near[0]!r}? Known" if near else "known"
    return f"{key} = {name!r} is not {kind}; {said} are {', '.join(known)}"
