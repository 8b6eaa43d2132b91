"""What a validation error says to the person who wrote the scenario."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from testbed.scenario.schema import Scenario


def sentences(error: ValidationError, source: str) -> Iterator[str]:
    """One sentence for each thing that is wrong: file, key, value and what is allowed."""
    seen = set()
    for detail in error.errors(include_url=False):
        path = _known_part(detail["loc"])
        if path not in seen:
            seen.add(path)
            yield f"{source}: {_sentence(detail, path)}"


def _sentence(detail: ErrorDetails, path: tuple[str, ...]) -> str:
    name, value = ".".join(path), detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return _unknown(path)
        case "model_type" | "model_attributes_type":
            return f"{name} = {value!r} should be a section, written [{name}]."
        case "value_error":
            return f"{detail['msg'].removeprefix('Value error, ')}."
        case "missing":
            return f"{name} is missing."
        case _:
            return f"{name} = {value!r} is not possible: {_lower(detail['msg'])}."


def _known_part(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Section and key; what pydantic appends for members of a union is of no use to the reader."""
    return tuple(str(part) for part in location[:2])


def _unknown(path: tuple[str, ...]) -> str:
    allowed = _names(path[:-1])
    near = get_close_matches(path[-1], allowed, 1, 0.5)
    hint = f"did you mean {'.'.join((*path[:-1], near[0]))}?" if near else f"known are {', '.join(allowed)}."
    return f"{'.'.join(path)} is not a {'key' if len(path) > 1 else 'section'}; {hint}"


def _names(section: tuple[str, ...]) -> list[str]:
    model: Any = Scenario
    for part in section:
        model = model.model_fields[part].annotation
    return list(model.model_fields) if issubclass(model, BaseModel) else []


def _lower(message: str) -> str:
    return (message[:1].lower() + message[1:]).replace("input should", "it should")
