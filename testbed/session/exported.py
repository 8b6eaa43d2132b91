"""The adapters of a run's devices, out of its checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import Tensor

from testbed.errors import UserError
from testbed.lora import files
from testbed.lora.clients import POLICY
from testbed.lora.mean import mean_product
from testbed.lora.resize import packed
from testbed.scenario import Scenario, load
from testbed.session import checkpoint
from testbed.session.adapters import adapted_of

MEAN = "mean"


@dataclass(frozen=True)
class Exported:
    """What was written."""

    devices: int
    rounds: tuple[int, int]
    """Those that are in the adapters, and those of the scenario."""
    ranks: tuple[int, int]
    """The smallest and the largest of a device in a layer."""
    mean_rank: int
    """The largest of a layer in the mean."""


def export(run: Path, out: Path) -> Exported:
    """Write to `out`, a folder that is not there yet, the adapter of each device of the run directory `run` as peft
    has it (`testbed.lora.files`), `device-0` and so on, and the mean of their products, `mean`.

    Raises UserError for a run without adapters or without a checkpoint.
    """
    if out.exists():
        raise UserError(f"{out} is there already: choose another folder.")
    if not (run / "scenario.toml").is_file():
        raise UserError(f"{run} is no run directory: it has no scenario.toml.")
    scenario = load(run / "scenario.toml")
    if scenario.lora is None:
        raise UserError(f"{run} trained whole models, as its scenario has no section [lora]: it has no adapters.")
    standing = checkpoint.load(run / "checkpoint")
    if standing is None:
        raise UserError(f"{run} has no checkpoint, which is where the adapters are: go on with it by --resume.")
    live = standing.state.get(POLICY + "live")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=".adapters-") as scratch:
        told = _write(scenario, standing.models, live, Path(scratch) / out.name, run)
        (Path(scratch) / out.name).replace(out)
    return Exported(len(standing.models), (standing.round_, scenario.run.rounds), *told)


def _write(
    scenario: Scenario, models: Tensor, live: Tensor | None, out: Path, run: Path
) -> tuple[tuple[int, int], int]:
    """The smallest and the largest rank of the devices; the largest of the mean."""
    assert scenario.lora is not None
    model, alpha = adapted_of(scenario), scenario.lora.alpha
    layout, base = model.layout, (scenario.model.name, model.fingerprint())
    if live is None or models.shape[1] != layout.size or live.shape != (len(models), layout.components):
        raise UserError(f"{run / 'checkpoint'} does not fit the scenario beside it: one of them is of another run.")
    values, ranks = packed(layout, models, live), layout.ranks(live)
    digits = len(str(len(models) - 1))
    for device, row in enumerate(values):
        files.write(out / f"device-{device:0{digits}}", base, layout, row, ranks[device].tolist(), alpha)
    own, mean, most = mean_product(layout, values)
    files.write(out / MEAN, base, own, mean, most, alpha)
    return (int(ranks.min()), int(ranks.max())), max(most)
