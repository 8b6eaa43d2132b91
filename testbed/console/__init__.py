"""What a person sees in a terminal: progress, summaries, tables."""

from testbed.console.airs import airs, clear_airs
from testbed.console.benchmarks import bench
from testbed.console.datasets import catalogue, fetch
from testbed.console.doctor import doctor
from testbed.console.place import place
from testbed.console.progress import Progress
from testbed.console.summary import summary, trace_summary

__all__ = [
    "Progress",
    "airs",
    "bench",
    "catalogue",
    "clear_airs",
    "doctor",
    "fetch",
    "place",
    "summary",
    "trace_summary",
]
