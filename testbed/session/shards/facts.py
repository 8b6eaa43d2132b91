"""What computes on a node, held against what computes here: only the same code and arithmetic give the same bytes."""

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

import testbed
from testbed.results.manifest import version_of

PACKAGES = ("torch", "numpy", "scipy")


@dataclass(frozen=True)
class Facts:
    """Of one process."""

    host: str
    pid: int
    code: str
    """SHA-256 of testbed's sources."""
    versions: tuple[str, ...]
    arithmetic: str
    """SHA-256 of a few products and powers: processors of other kinds round otherwise."""


def facts() -> Facts:
    """Of this process; to be asked for on one thread."""
    versions = [f"{name} {version_of(name)}" for name in PACKAGES]
    return Facts(
        platform.node(), os.getpid(), _code(), (f"python {platform.python_version()}", *versions), _arithmetic()
    )


def _code() -> str:
    home, found = Path(testbed.__file__).parent, hashlib.sha256()
    for file in sorted(home.rglob("*.py")):
        found.update(str(file.relative_to(home)).encode() + file.read_bytes())
    return found.hexdigest()


def _arithmetic() -> str:
    values = torch.linspace(-1, 1, 61 * 257).view(61, 257)
    images = values.view(1, 1, 61, 257)
    kernels = torch.linspace(-1, 1, 6 * 25).view(6, 1, 5, 5)
    found = [values @ values.T, values.abs().pow(2.5), values.softmax(1), torch.conv2d(images, kernels), values.sum(1)]
    return hashlib.sha256(b"".join(each.contiguous().numpy().tobytes() for each in found)).hexdigest()
