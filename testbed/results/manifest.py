"""Where a run came from: versions, host, threads, and the command that makes it again."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("testbed", "torch", "ns3", "numpy", "networkx", "pyarrow")


def manifest(fingerprint: str, seed: int, threads: int, command: str) -> dict[str, Any]:
    """JSON values that say how to believe and repeat a run; wall time and status come with its end."""
    return {
        "scenario_sha256": fingerprint,
        "seed": seed,
        "command": command,
        "versions": {"python": platform.python_version(), **{name: version_of(name) for name in PACKAGES}},
        "git_commit": _commit(),
        "host": {"name": platform.node(), "system": platform.platform(), "cores": os.cpu_count()},
        "threads": threads,
        "status": "running",
        "wall_s": 0.0,
    }


def mixed(manifests: Iterable[Mapping[str, Any]]) -> str | None:
    """A sentence where runs are of several versions of testbed. Manifests may come from anybody."""
    found = {
        (str(versions.get("testbed"))[:20], str(each.get("git_commit") or "")[:8])
        for each in manifests
        if isinstance(each, Mapping) and isinstance(versions := each.get("versions"), Mapping)
    }
    if len(found) < 2:
        return None
    told = ", ".join(sorted(f"{version} {commit}".strip() for version, commit in found)[:5])
    return f"These runs are of {len(found)} versions of testbed ({told}): they may differ in more than their scenarios."


def version_of(package: str) -> str | None:
    """The installed version; None where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the checkout that this runs from, if it is one."""
    here = Path(sys.modules["testbed"].__file__ or ".").resolve().parent
    try:
        answer = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
