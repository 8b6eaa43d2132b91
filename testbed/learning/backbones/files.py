"""Where a pretrained model's files are, and what is said when they are not there."""

from pathlib import Path

from testbed.errors import UserError
from testbed.learning.wheels import WHEELS
from testbed.places import cache


def folder_of(name: str, path: str | None = None) -> Path:
    """The folder of the model's files: the user's `path`, else our cache. Raises UserError if one is missing."""
    folder = Path(path).expanduser() if path else cache() / name
    missing = [file for file in WHEELS[name].files if not (folder / file).is_file()]
    if missing and path:
        raise UserError(f"model.path = {path!r} should be a folder with the files of {name}: it lacks {missing[0]}")
    if missing:
        raise UserError(
            f"the pretrained model {name} is not on this machine (looked in {folder}); "
            f"get it with `testbed data fetch {name}`, or name a folder that has it by model.path"
        )
    return folder


def strictly(found: set[str], wanted: set[str], unused: set[str], file: Path) -> None:
    """Raises UserError unless a file has all tensors that are `wanted`, and else only such as are known to be `unused`.

    Tensors that do not fit, dropped in silence, would leave layers as they were drawn.
    """
    if lacking := sorted(wanted - found):
        raise UserError(f"{file} lacks {len(lacking)} tensors of the model, {lacking[0]} among them")
    if foreign := sorted(found - wanted - unused):
        raise UserError(f"{file} has {len(foreign)} tensors that the model has no place for, {foreign[0]} among them")
