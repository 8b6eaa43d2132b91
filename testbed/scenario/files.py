"""Scenario files: reading, overriding, writing and hashing."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from testbed.errors import UserError
from testbed.places import BUNDLED, trace_folder
from testbed.scenario.algorithms import is_file
from testbed.scenario.complaints import sentences
from testbed.scenario.schema import GRAPH_FILES, Scenario

OUSTS = {
    "network.density": ("side_m",),
    "network.side_m": ("density",),
    "network.kind=graph": ("side_m",),
    "devices.churn_file": ("churn_s",),
    "devices.churn_s": ("churn_file",),
    **{f"network.graph={shape}": ("density",) for shape in ("ring", "line", "star", "complete", "empty")},
}
"""What an override takes away, since it cannot stand beside it."""

KEPT_OUT_OF_THE_HASH = {"run": {"name"}, "network": {"worker_timeout_s", "cache"}, "output": {"checkpoint_s", "pcap"}}
"""Keys that change no result."""

PATHS = ("graph", "trace", "script", "mobility_file", "churn_file", "pcap", "path", "start")
"""Keys that name files or folders, in whatever section."""

LATER = (("model", "accelerator"), ("model", "init"))
"""Sections and keys that runs from before do not know: while they are not set, scenarios keep their hash."""


def load(path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> Scenario:
    """The scenario in the TOML file `path`, with `section.key=value` overrides applied.

    An override without a value takes a key away. Relative paths (see PATHS) are taken from
    the file's folder, in overrides from the working folder. Raises UserError for a missing or damaged file, an
    unknown key or an impossible value.
    """
    return parse(tree_of(path, overrides), str(path))


def tree_of(path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> dict[str, Any]:
    """Sections and keys of the file as `load` reads them, not looked at yet."""
    path = Path(path)
    tree = read_toml(path, "scenario")
    for section in ("network", "devices", "output", "algorithm", "model", "lora"):
        _resolve(section, tree.get(section), path.parent)
    override(tree, overrides)
    return tree


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The tree in a file of a person's. Raises UserError, in which the file is a `what`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"There is no {what} file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a {what}: {error}.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from None


def override(tree: dict[str, Any], overrides: Iterable[str] | Mapping[str, Any], folder: Path | None = None) -> None:
    """Put `section.key=value` overrides into a tree of sections and keys, as `load` does.

    Relative paths among them are taken from `folder`, by default the working folder.
    """
    for dotted, value in overrides.items() if isinstance(overrides, Mapping) else map(_split, overrides):
        _override(tree, dotted, value, folder or Path.cwd())


def rivals(key: str) -> list[str]:
    """Keys that an override of this one takes away."""
    return [f"{key.partition('.')[0]}.{rival}" for rival in OUSTS.get(key, ())]


def parse(tree: Mapping[str, Any], source: str = "the scenario") -> Scenario:
    """The scenario in a tree of sections and keys; `source` names it in errors."""
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise UserError("\n".join(sentences(error, source))) from None


def dumps(scenario: Scenario) -> str:
    """The scenario as TOML, every key written out."""
    return tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))


def fingerprint(scenario: Scenario) -> str:
    """SHA-256 of all that decides a result: equal scenarios, equal hash, whatever their names."""
    return hashlib.sha256(json.dumps(content(scenario, KEPT_OUT_OF_THE_HASH), sort_keys=True).encode()).hexdigest()


def content(scenario: Scenario, without: Mapping[str, set[str]]) -> dict[str, dict[str, Any]]:
    """Sections and keys but those in `without`, JSON values, with the content of files in place of their names."""
    whole = scenario.model_dump(mode="json", exclude=dict(without))
    tree = {name: section for name, section in whole.items() if section is not None}
    for name, key in LATER:
        if name in tree and tree[name].get(key) is None:
            tree[name].pop(key, None)
    for section in tree.values():
        section.update({key: _content(section[key]) for key in PATHS if section.get(key)})
    if "algorithm" in tree and is_file(scenario.algorithm.name):
        tree["algorithm"]["name"] = _content(scenario.algorithm.name)
    return tree


def _content(path: str) -> str:
    """What stands for a file, a trace or a pretrained model in the hash: its content, so that it may be moved but not
    changed."""
    if Path(path).is_file():
        return _sha256(Path(path))
    folder = trace_folder(path)
    header = folder / "header.json"
    if not header.is_file():
        return _weights(Path(path)) or path
    if _has_checksums(header):
        return _sha256(header)
    return hashlib.sha256("".join(_sha256(file) for file in sorted(folder.iterdir())).encode()).hexdigest()


def _weights(folder: Path) -> str | None:
    """Of the files of a pretrained model, if that is what is there."""
    files = sorted(file for ending in ("json", "safetensors", "pth") for file in folder.glob(f"*.{ending}"))
    parts = [f"{file.name} {_sha256(file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else None


def _has_checksums(header: Path) -> bool:
    """Whether a trace is finished, so that its header stands for its tables."""
    try:
        tree = json.loads(header.read_bytes())
    except ValueError:
        return False
    return isinstance(tree, dict) and bool(tree.get("checksums"))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _resolve(name: str, section: Any, folder: Path) -> None:
    """Make the paths among the keys of the section `name` whole."""
    if not isinstance(section, dict):
        return
    for key in (*PATHS, "name") if name == "algorithm" else PATHS:
        value = section.get(key)
        if isinstance(value, str) and value and not _is_no_path(key, value):
            section[key] = str((folder / value).resolve())


def _is_no_path(key: str, value: str) -> bool:
    """Whether a value only looks like a path: the name of a shape, or of a trace that comes with the package."""
    match key:
        case "trace":
            return value.startswith(BUNDLED)
        case "graph":
            return Path(value).suffix not in GRAPH_FILES
        case "name":
            return not is_file(value)
    return False


def _override(tree: dict[str, Any], dotted: str, value: Any, folder: Path) -> None:
    section, dot, key = dotted.strip().partition(".")
    if not (section and dot and key) or not isinstance(tree.setdefault(section, {}), dict):
        raise UserError(f"Override {dotted!r} does not name a key: write section.key=value, as in run.seed=2.")
    for rival in OUSTS.get(f"{section}.{key}", ()) + OUSTS.get(f"{section}.{key}={value}", ()):
        tree[section].pop(rival, None)
    tree[section][key] = value
    _resolve(section, tree[section], folder)
    if value == "":
        del tree[section][key]


def _split(text: str) -> tuple[str, Any]:
    dotted, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"Override {text!r} has no value: write section.key=value, as in run.seed=2.")
    return dotted, _value(value.strip())


def _value(text: str) -> Any:
    """A TOML value, or the bare text where it is none, so that `run.name=a` needs no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
