"""The run directory: its tables and its manifest."""

from testbed.results.directory import Run, RunWriter
from testbed.results.folders import runs_in
from testbed.results.manifest import manifest
from testbed.results.sweep import Planned, Sweep

__all__ = ["Planned", "Run", "RunWriter", "Sweep", "manifest", "runs_in"]
