"""What is installed here, and what it can do."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed.network.ns3 import engine_info
from testbed.results.manifest import PACKAGES


def doctor() -> None:
    """Print a table; warnings stand below it."""
    table = Table("part", "found", box=None, pad_edge=False)
    for name, found in (*_host(), *_packages(), *_torch()):
        table.add_row(name, found)
    rows, warnings = _engine()
    for name, found in rows:
        table.add_row(name, found)
    console = Console()
    console.print(table)
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False)


def _host() -> list[tuple[str, str]]:
    return [("python", platform.python_version()), ("system", platform.platform()), ("cores", str(os.cpu_count()))]


def _packages() -> list[tuple[str, str]]:
    return [(name, _version(name)) for name in PACKAGES]


def _torch() -> list[tuple[str, str]]:
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none (not needed)"
    return [("torch threads", str(torch.get_num_threads())), ("GPU", gpu)]


def _engine() -> tuple[list[tuple[str, str]], list[str]]:
    info: dict[str, Any] = engine_info()
    return [(name, str(value)) for name, value in info.items()], []


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
