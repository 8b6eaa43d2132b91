"""What is installed here, and what it can do."""

import os
import platform

from rich.console import Console
from rich.table import Table

from testbed.network.engine import engine_info, missing_engine
from testbed.results.manifest import PACKAGES, version_of

SLOW = "this ns-3 is built with assertions or logging; an optimised one runs the same about 1.8 times as fast."


def doctor() -> None:
    """Print a table; warnings stand below it."""
    table = Table("part", "found", box=None, pad_edge=False)
    for name, found in (*_host(), *_packages(), *_torch(), *_engine()):
        table.add_row(name, found)
    console = Console()
    console.print(table)
    for warning in _warnings():
        console.print(f"warning: {warning}", markup=False, highlight=False)


def _host() -> list[tuple[str, str]]:
    return [("python", platform.python_version()), ("system", platform.platform()), ("cores", str(os.cpu_count()))]


def _packages() -> list[tuple[str, str]]:
    return [(name, version_of(name) or "not installed") for name in PACKAGES]


def _torch() -> list[tuple[str, str]]:
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none (not needed)"
    return [("torch threads", str(torch.get_num_threads())), ("GPU", gpu)]


def _engine() -> list[tuple[str, str]]:
    info = engine_info()
    if "engine" in info:
        return [("ns-3 engine", info["engine"])]
    optimised = "optimised" if info["ns3_optimised"] else "not optimised"
    return [("ns-3 engine", f"ns-3 {info['ns3_version']}, {info['ns3_profile']} build, {optimised}")]


def _warnings() -> list[str]:
    complaint = missing_engine()
    if complaint:
        return [complaint]
    return [] if engine_info()["ns3_optimised"] else [SLOW]
