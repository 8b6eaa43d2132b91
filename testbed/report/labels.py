"""Names of methods, and keys and values, as labels have them."""

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from testbed.report.members import Member
from testbed.scenario import Scenario
from testbed.scenario.algorithms import title


def method(member: Member, groups: Sequence[str]) -> str:
    """What is compared: by `groups`, keys as `section.key`, or without them as a sweep calls it, or the algorithm."""
    if not groups:
        return member.entry or _algorithm(member.scenario)
    return ", ".join(pairs(member, groups))


def pairs(member: Member, keys: Iterable[str]) -> list[str]:
    """Keys and values, each key once; an algorithm by its title alone."""
    named = {"algorithm.name": title(member.scenario.algorithm.name)}
    return [named.get(key, f"{short(key)} {text_of(member.keys.get(key))}") for key in dict.fromkeys(keys)]


def _algorithm(scenario: Scenario) -> str:
    algorithm, lora = scenario.algorithm, scenario.lora
    name = title(algorithm.name) + (f" p={algorithm.p:g}" if algorithm.name == "wpm" else "")
    return name if lora is None else f"{name}, LoRA {lora.policy} {lora.merge}"


def short(key: str) -> str:
    """Without its section."""
    return key.partition(".")[2]


def text_of(value: Any) -> str:
    """A value as it stands in a label: a long one by its beginning and a hash, as two may begin alike."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:g}"
        case str() | bool() | int():
            text = str(value)
        case _:
            text = json.dumps(value)
    return text if len(text) <= 24 else f"{text[:18]}…{zlib.crc32(text.encode()):08x}"
