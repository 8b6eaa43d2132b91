"""What a person sees in a terminal: progress, summaries, tables."""

from testbed.console.adapters import adapters
from testbed.console.airs import airs, clear_airs
from testbed.console.benchmarks import bench
from testbed.console.campaign import Campaign
from testbed.console.check import check, check_problem
from testbed.console.convert import Changes, Graphs, convert_trace
from testbed.console.datasets import catalogue, fetch
from testbed.console.differences import diff_traces
from testbed.console.doctor import doctor
from testbed.console.place import place
from testbed.console.progress import Progress
from testbed.console.summary import summary, trace_summary
from testbed.console.sweep import sweep
from testbed.console.traces import inspect_trace, list_traces, validate_trace
from testbed.console.tracking import track, watching

__all__ = [
    "Campaign",
    "Changes",
    "Graphs",
    "Progress",
    "adapters",
    "airs",
    "bench",
    "catalogue",
    "check",
    "check_problem",
    "clear_airs",
    "convert_trace",
    "diff_traces",
    "doctor",
    "fetch",
    "inspect_trace",
    "list_traces",
    "place",
    "summary",
    "sweep",
    "trace_summary",
    "track",
    "validate_trace",
    "watching",
]
