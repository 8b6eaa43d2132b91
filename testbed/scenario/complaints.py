"""What a validation error says to the person who wrote the scenario."""

from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from testbed.scenario.schema import sections


def sentences(error: ValidationError, source: str) -> Iterator[str]:
    """One sentence for each thing that is wrong: file, key, value and what is allowed."""
    seen = set()
    for detail in sorted(error.errors(include_url=False), key=_is_beside_the_point):
        path = _known_part(detail["loc"])
        if path not in seen:
            seen.add(path)
            yield f"{source}: {_sentence(detail, path)}"


def _is_beside_the_point(detail: ErrorDetails) -> bool:
    """Where a word or a number, or a list of them, may stand: that a list is neither."""
    single = "literal_error", "int_type", "float_type", "string_type"
    return detail["type"] in single and isinstance(detail["input"], list)


def _sentence(detail: ErrorDetails, path: tuple[str, ...]) -> str:
    name, value = ".".join(path), detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return unknown(path)
        case "model_type" | "model_attributes_type":
            return f"{name} = {value!r} should be a section, written [{name}]."
        case "value_error":
            return f"{detail['msg'].removeprefix('Value error, ')}."
        case "missing" if len(detail["loc"]) > len(path):
            return f"{name} = {value!r} has too few values."
        case "missing":
            return f"{name} is missing."
        case "string_pattern_mismatch":
            return f"{name} = {value!r} is not possible: it should be letters, digits, `_`, `-` and `.` alone."
        case "literal_error" if isinstance(value, str) and (near := _nearest(value, detail)):
            return f"{name} = {value!r} is not possible; did you mean {near!r}? Known are {detail['ctx']['expected']}."
        case "tuple_type" if isinstance(value, str) and _lists_names(path):
            return f'{name} = {value!r} should be a list of names: ["{value}"].'
        case "tuple_type":
            return f"{name} = {value!r} should be a list."
        case "string_type" if isinstance(value, int | float):
            return f'{name} = {value!r} should be a text, in quotes: "{value}".'
        case _:
            return f"{name} = {value!r} is not possible: {_lower(detail['msg'])}."


def _known_part(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Section and key; what pydantic appends for members of a union is of no use to the reader."""
    return tuple(str(part) for part in location[:2])


def unknown(path: tuple[str, ...]) -> str:
    """What to say of a section, or of a section's key, that no scenario has."""
    allowed = _names(path[:-1])
    near = get_close_matches(path[-1], allowed, 1, 0.5)
    homes = [section for section in _names(()) if path[-1] in _names((section,))] if len(path) == 1 else []
    if homes:
        return f"{path[0]} stands outside a section; did you mean {homes[0]}.{path[0]}?"
    hint = f"did you mean {'.'.join((*path[:-1], near[0]))}?" if near else f"known are {', '.join(allowed)}."
    return f"{'.'.join(path)} is not a {'key' if len(path) > 1 else 'section'}; {hint}"


def _names(section: tuple[str, ...]) -> list[str]:
    if not section:
        return list(sections())
    return list(sections()[section[0]].model_fields) if len(section) == 1 else []


def _lists_names(path: tuple[str, ...]) -> bool:
    """Whether a key takes a list of words."""
    schema = sections()[path[0]].model_json_schema()["properties"][path[1]]
    return bool(schema.get("items", {}).get("type") == "string")


def _nearest(value: str, detail: ErrorDetails) -> str | None:
    allowed = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    return next(iter(get_close_matches(value, allowed, 1, 0.6)), None)


def _lower(message: str) -> str:
    return (message[:1].lower() + message[1:]).replace("input should", "it should")
