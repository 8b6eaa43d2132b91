"""Files that are one document (JSON, XML): read whole, plain or gzip, up to a limit."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any, TypeGuard

from testbed.errors import UserError

MOST_BYTES = 64 * 2**20
"""No document is longer, unpacked: a map of 100,000 links has some 10 MB."""
DEEPEST = 100
"""No document is nested deeper."""


def content(path: Path) -> bytes:
    """The file, unpacked if it is gzip. Raises UserError for one that cannot be read, is empty or too long."""
    if not path.is_file():
        raise UserError(f"{path} is {'no file' if path.exists() else 'not there'}: name a file to import.")
    try:
        with path.open("rb") as packed:
            is_gzip = packed.peek(2)[:2] == b"\x1f\x8b"
            found = (gzip.GzipFile(fileobj=packed) if is_gzip else packed).read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}.") from None
    if len(found) > MOST_BYTES:
        raise UserError(
            f"{path} is longer than {MOST_BYTES >> 20} MiB (unpacked), which no map of this kind is: refused."
        )
    if not found.strip():
        raise UserError(f"{path}, line 1: the file is empty.")
    return found


def json_of(path: Path) -> dict[str, Any]:
    """A JSON document that is an object. Raises UserError, with the line where there is one, for anything else;
    numbers that are none (NaN) and a key that stands twice in an object are errors."""
    text = content(path)
    try:
        tree = json.loads(text.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {error.lineno}: this is no JSON: {error.msg}.") from None
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: byte 0x{text[error.start]:02x} is not UTF-8.") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deep: refused.") from None
    except ValueError as error:
        raise UserError(f"{path} is no sound JSON: {error}.") from None
    if not isinstance(tree, dict):
        raise UserError(f"{path} should hold one JSON object, not a {type(tree).__name__}.")
    return tree


def rows_of(path: Path, tree: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects listed under a key. Raises UserError for anything else."""
    rows = tree.get(key)
    if not isinstance(rows, list):
        raise UserError(f"{path}: key {key!r} should be a list of objects.")
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise UserError(f"{path}: {key}[{place}] should be an object, not {str(row)[:40]!r}.")
    return rows


def name_of(path: Path, row: dict[str, Any], key: str, where: str) -> str:
    """A node's id, which is a text or a whole number. Raises UserError for anything else."""
    id_ = row.get(key)
    if isinstance(id_, int) and not isinstance(id_, bool) and abs(id_) < 2**63:
        return str(id_)
    if not isinstance(id_, str):
        raise UserError(f"{path}: {where}.{key} should be the id of a node, not {str(id_)[:40]!r}.")
    return id_


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value of JSON is a number; Python would take true for 1."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in an object")
    return found
