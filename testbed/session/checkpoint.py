"""The checkpoint: a standing on disk, written whole or not at all."""

import io
import pickle
import zipfile
from pathlib import Path

import torch

from testbed.errors import UserError
from testbed.session.barrier import Standing
from testbed.tables import write_whole

NAME = "standing.pt"


def save(folder: Path, standing: Standing) -> None:
    """Replace the checkpoint in `folder`."""
    folder.mkdir(exist_ok=True)
    sink = io.BytesIO()
    torch.save(
        {
            "round": standing.round_,
            "clock_ns": standing.clock_ns,
            "models": standing.models.contiguous(),
            "state": dict(standing.state),
            "used_j": torch.from_numpy(standing.used_j),
        },
        sink,
    )
    write_whole(folder / NAME, sink.getvalue())


def load(folder: Path) -> Standing | None:
    """The standing in `folder`, or None where none was saved. It is read as data, never as code."""
    file = folder / NAME
    if not file.is_file():
        return None
    try:
        tree = torch.load(file, weights_only=True)
        return Standing(tree["round"], tree["clock_ns"], tree["models"], tree["state"], tree["used_j"].numpy())
    except (RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise UserError(f"{file} is damaged ({type(error).__name__}): delete it to begin the run again.") from None
