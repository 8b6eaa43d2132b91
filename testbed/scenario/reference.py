"""The reference of all sections and keys, in Markdown, from their one definition."""

import json
import re
from collections.abc import Iterator
from typing import Any

from testbed.scenario.schema import Scenario, sections

HEAD = """# The scenario file

A scenario is a TOML file. Every key has a default; an empty file is a scenario. On the command line,
`--set section.key=value` overrides a key. This page is made from the definitions in `testbed/scenario/schema.py`
by `make docs`.
"""
TYPES = {"string": "text", "number": "number", "integer": "whole number", "object": "table", "boolean": "true or false"}
BOUNDS = {"exclusiveMinimum": "above", "minimum": "from", "exclusiveMaximum": "below", "maximum": "up to"}


def reference() -> str:
    """The whole page."""
    schema = Scenario.model_json_schema()
    tables = (_section(name, schema["$defs"][kind.__name__]) for name, kind in sections().items())
    return "\n".join([HEAD, *(line for table in tables for line in table)])


def _section(name: str, schema: dict[str, Any]) -> Iterator[str]:
    meaning = re.sub(r"^`\[\w+\]`: (.)", lambda found: found[1].upper(), schema["description"])
    yield f"## `[{name}]`\n\n{meaning}\n\n| key | default | allowed | what it is |\n| --- | --- | --- | --- |"
    for key, value in schema["properties"].items():
        default = "" if value.get("default") is None else f"`{json.dumps(value['default'])}`"
        yield f"| `{key}` | {default} | {_allowed(value)} | {value['description']} |"
    yield ""


def _allowed(value: dict[str, Any]) -> str:
    """What may be written, in words, from a JSON schema."""
    if "anyOf" in value:
        return ", or ".join(_allowed(each) for each in value["anyOf"] if each.get("type") != "null")
    if "const" in value or "enum" in value:
        return " or ".join(f"`{each}`" for each in value.get("enum", [value.get("const")]))
    if value["type"] == "array":
        size = value.get("maxItems")
        return f"{size} numbers" if size else f"list of {_allowed(value['items'])}s"
    return " ".join([TYPES[value["type"]], *(f"{word} {value[key]:g}" for key, word in BOUNDS.items() if key in value)])
