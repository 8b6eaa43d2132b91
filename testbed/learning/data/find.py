"""Finding a data set in any of the layouts that people have it in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from testbed.errors import UserError
from testbed.learning.data import formats
from testbed.learning.data.formats import Raw, has_idx
from testbed.learning.data.places import given, roots
from testbed.learning.data.sets import Facts, facts_of

EMBEDDED = Path(__file__).with_name("mnist5k.npz")


@dataclass(frozen=True)
class Found:
    """A data set's files and the way to read them."""

    path: Path
    read: Callable[[], Raw]


def find(name: str, data_dir: str | Path | None = None) -> Found | None:
    """The first place that has files of the data set, or None. Raises UserError if the user's folder does not exist."""
    own = given(data_dir)
    if own and not own.is_dir():
        raise UserError(f"the data folder {own} (--data-dir or TESTBED_DATA) is not there, or not a folder")
    if name == "mnist5k":
        return Found(EMBEDDED, partial(formats.read_npz, EMBEDDED))
    look = _cifar if name == "cifar10" else partial(_idx, facts_of(name))
    return next((found for root in roots(name, data_dir) if (found := look(root))), None)


def _idx(facts: Facts, root: Path) -> Found | None:
    """torchvision's folder, then the Debian package's, then the files themselves."""
    torchvision = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}[facts.name]
    for folder in (root / torchvision / "raw", root / facts.name, root):
        if has_idx(folder):
            return Found(folder, partial(formats.read_idx_folder, folder, facts.digests))
    return None


def _cifar(root: Path) -> Found | None:
    """torchvision's folder of pickles, the binary version, Hugging Face's Parquet; or their files themselves."""
    from testbed.learning.data.parquet import has_parquet, read_parquet

    inside = ("cifar-10-batches-py", "cifar-10-batches-bin", "cifar10", "plain_text", ".")
    for folder in (root / name for name in inside):
        if any((folder / f"{name}.bin").is_file() for name in formats.BATCHES):
            return Found(folder, partial(formats.read_cifar_binary, folder))
        if any((folder / name).is_file() for name in formats.BATCHES):
            return Found(folder, partial(formats.read_cifar_pickles, folder))
        if has_parquet(folder):
            return Found(folder, partial(read_parquet, folder))
    return None


def read(name: str, data_dir: str | Path | None = None) -> Raw:
    """The raw images, found, read and checked. Raises UserError: missing (with the command that gets it) or damaged."""
    facts, found = facts_of(name), find(name, data_dir)
    if found is None:
        looked = ", ".join(str(root) for root in roots(name, data_dir))
        raise UserError(
            f"the data set {name} is not on this machine (looked in {looked}); "
            f"get it with `testbed data fetch {name}`, or name a folder that has it by --data-dir or TESTBED_DATA"
        )
    raw = found.read()
    _check(raw, facts, found.path)
    return raw


def _check(raw: Raw, facts: Facts, path: Path) -> None:
    channels, height, width = facts.shape
    for split, count, x, y in (("training", facts.train, *raw[:2]), ("test", facts.test, *raw[2:])):
        if x.shape != (count, height, width, channels) or y.shape != (count,):
            raise UserError(
                f"{path} holds {split} images {x.shape} and labels {y.shape} where {facts.name} has {count} "
                f"of {height}x{width}x{channels}: files are missing, cut short, or of another data set"
            )
        if y.max(initial=0) >= facts.classes:
            raise UserError(f"{path} has the {split} label {y.max()}; {facts.name} has labels 0 to {facts.classes - 1}")
