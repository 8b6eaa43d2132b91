"""Adapters in files, as peft has them: a folder with `adapter_model.safetensors` and `adapter_config.json`.

Tensors are read as data, after their names and shapes were looked at: nothing in a file is run, and nothing is taken
into memory that has no place here.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout
from testbed.lora.peft import PREFIX, check, from_peft, peft_names, ranks_of
from testbed.tables import write_whole

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
BASE = "base_sha256"
"""In the file's own facts: which weights the adapter stands beside (`Adapted.fingerprint`); files of others lack it."""
REALS = ("F16", "BF16", "F32", "F64")
"""Types of tensors that are read, all as float32."""
LARGEST_CONFIG = 1 << 20
"""Bytes of a configuration that is read."""


@dataclass(frozen=True)
class Beginning:
    """What all devices begin with."""

    values: Tensor
    """(size,) as `Layout` has them."""
    ranks: tuple[int, ...]
    """Of each site."""


def read(file: Path, layout: Layout, alpha: float | None, start: Tensor, base: str) -> Beginning:
    """The adapter of `file`, one device's, beside the `base` of that fingerprint, and beyond its ranks what `start`
    (size,) has there.

    A smaller rank than the layout has room for is the first components: as B is zero in `start`, the product is that
    of the file. alpha: as in `peft_names`; what the file's configuration says of it, where it lies beside, has to be
    the same. Raises UserError for a file that is missing, damaged, or of another model or a larger rank.
    """
    try:
        with safe_open(file, "pt") as source:
            keys = source.keys()
            parts = {key.removeprefix(PREFIX): source.get_slice(key) for key in keys}
            if len(parts) < len(keys):
                raise UserError("it has a tensor twice, with and without the name's beginning that peft gives.")
            if (source.metadata() or {}).get(BASE, base) != base:
                raise UserError(
                    "it was trained beside a base of the same shape with other weights (model.name, model.path, or the "
                    "run.seed that a random base is drawn by)."
                )
            shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
            ranks = ranks_of(layout, shapes)
            check(layout, shapes, ranks)
            for name, part in parts.items():
                if part.get_dtype() not in REALS:
                    raise UserError(f"{name} holds {part.get_dtype()}, and should hold numbers of {', '.join(REALS)}.")
            row = from_peft(layout, {name: part[:].float() for name, part in parts.items()}, ranks, alpha)
        _check_scale(file.with_name(CONFIG), layout, ranks, alpha)
    except UserError as error:
        raise UserError(f"lora.start = {file}: {error}") from None
    except FileNotFoundError:
        raise UserError(f"lora.start = {file}: there is no such file.") from None
    except (OSError, SafetensorError) as error:
        raise UserError(f"lora.start = {file} cannot be read as safetensors: {_short(error)}.") from None
    if not row.isfinite().all():
        raise UserError(f"lora.start = {file} holds numbers that are not finite: its training has diverged.")
    live = layout.nested(torch.tensor(ranks))
    return Beginning(torch.where(layout.columns(live, live), row, start), tuple(ranks))


def _check_scale(file: Path, layout: Layout, ranks: Sequence[int], alpha: float | None) -> None:
    """Raises UserError where the configuration scales B A otherwise than alpha / rank."""
    if not file.is_file():
        return
    config = _config(file)
    alphas = config.get("alpha_pattern") or {}
    known = {key: site.target.name for site in layout.sites for key in (site.target.name, _exactly(site.target.name))}
    if not isinstance(alphas, dict) or (strange := sorted(alphas.keys() - known.keys())):
        said = strange[0] if isinstance(alphas, dict) else alphas
        raise UserError(f"{file.name} beside it has an alpha_pattern for {said!r}, which is the name of no layer here.")
    own = {known[key]: value for key, value in alphas.items()}
    for site, rank in zip(layout.sites, ranks, strict=True):
        stated = own.get(site.target.name, config.get("lora_alpha", rank))
        if isinstance(stated, bool) or not isinstance(stated, int | float):
            raise UserError(f"{file.name} beside it is damaged: lora_alpha = {stated!r} is no number.")
        scale = stated / (rank**0.5 if config.get("use_rslora") else rank)
        if not math.isclose(scale, 1.0 if alpha is None else alpha / rank, rel_tol=1e-6):
            raise UserError(
                f"by {file.name} beside it B A of {site.target.name} counts {scale:g} times, by lora.alpha here "
                f"{1.0 if alpha is None else alpha / rank:g} times: set lora.alpha = {scale * rank:g}."
            )


def _config(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as source:
            content = source.read(LARGEST_CONFIG + 1)
        tree = json.loads(content) if len(content) <= LARGEST_CONFIG else None
    except (OSError, ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise UserError(f"{file.name} beside it is damaged: it should be a table in JSON.")
    return tree


def write(
    folder: Path,
    base: tuple[str, str],
    layout: Layout,
    row: Tensor,
    ranks: Sequence[int],
    alpha: float | None = None,
) -> None:
    """Make `folder` with an adapter that `peft.PeftModel.from_pretrained` takes beside the model of that name and
    fingerprint; row, ranks and alpha as in `peft_names`."""
    folder.mkdir(parents=True)
    state = {f"{PREFIX}{name}": tensor for name, tensor in peft_names(layout, row, ranks, alpha).items()}
    write_whole(folder / WEIGHTS, save(state, {"format": "pt", BASE: base[1]}))
    write_whole(folder / CONFIG, json.dumps(config(base[0], layout, ranks, alpha), indent=2).encode())


def config(base: str, layout: Layout, ranks: Sequence[int], alpha: float | None) -> Mapping[str, Any]:
    """peft's `LoraConfig`. Names are patterns there, of which any ending counts; these are each one layer's alone."""
    own = {site.target.name: rank for site, rank in zip(layout.sites, ranks, strict=True) if rank}
    most = max(own.values(), default=1)
    unlike = {_exactly(name): rank for name, rank in own.items() if rank != most}
    heads = dict.fromkeys(parameter.name.rpartition(".")[0] for parameter in layout.whole)
    return {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        "r": most,
        "lora_alpha": most if alpha is None else alpha,
        "rank_pattern": unlike,
        "alpha_pattern": unlike if alpha is None else {},
        "target_modules": "|".join(map(re.escape, own)),
        "modules_to_save": list(heads) or None,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "task_type": None,
    }


def _exactly(name: str) -> str:
    return f"^{re.escape(name)}"


def _short(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.strip().splitlines()[0].rstrip(".") if said.strip() else type(error).__name__
