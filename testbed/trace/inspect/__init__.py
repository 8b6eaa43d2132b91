"""Looking into traces: statistics, deep checks, and where two traces part."""

from testbed.trace.inspect.opening import open_any, trace_folder
from testbed.trace.inspect.statistics import Statistics, statistics

__all__ = ["Statistics", "open_any", "statistics", "trace_folder"]
