"""Looking into traces: statistics, deep checks, and where two traces part."""

from testbed.trace.inspect.diff import Difference, diff
from testbed.trace.inspect.opening import open_any, trace_folder
from testbed.trace.inspect.problem import Problem
from testbed.trace.inspect.statistics import Statistics, statistics
from testbed.trace.inspect.validate import problems, validate

__all__ = [
    "Difference",
    "Problem",
    "Statistics",
    "diff",
    "open_any",
    "problems",
    "statistics",
    "trace_folder",
    "validate",
]
