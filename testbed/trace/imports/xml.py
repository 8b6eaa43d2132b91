"""What an XML file has to be before networkx parses it: no document type (hence no entities), no deep nesting."""

from pathlib import Path
from typing import Any
from xml.parsers import expat

from testbed.errors import UserError
from testbed.trace.imports.documents import DEEPEST, content


def xml_of(path: Path) -> tuple[str, bytes]:
    """The name of the root element, without its namespace, and the whole file.

    ElementTree, which networkx parses with, expands the entities that a document type declares, one into many; no
    graph needs them. Raises UserError, with the line, for such a file and for what is no XML.
    """
    text = content(path)
    guard = _Guard(path)
    try:
        guard.parser.Parse(text, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages[error.code] if error.code in expat.errors.messages else str(error)
        raise UserError(f"{path}, line {error.lineno}: this is no XML: {reason}.") from None
    except (ValueError, LookupError) as error:  # an encoding that is not known
        raise UserError(f"{path} cannot be decoded: {error}.") from None
    return guard.root, text


class _Guard:
    """Follows the elements, and refuses."""

    def __init__(self, path: Path) -> None:
        self.root, self._path, self._depth = "", path, 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _doctype(self, *_: Any) -> None:
        raise self._refusal("it declares a document type (DOCTYPE), which may hide entities: take that line out")

    def _start(self, name: str, _: Any) -> None:
        self.root = self.root or name.rpartition(" ")[2]
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(f"its elements are nested more than {DEEPEST} deep: refused")

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _refusal(self, what: str) -> UserError:
        return UserError(f"{self._path}, line {self.parser.CurrentLineNumber}: {what}.")
