"""The run directory: its tables and its manifest."""

from testbed.results.directory import Run, RunWriter
from testbed.results.folders import runs_in
from testbed.results.manifest import manifest

__all__ = ["Run", "RunWriter", "manifest", "runs_in"]
