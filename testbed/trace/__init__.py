"""The on-disk link trace: what `record` writes and `replay` reads."""

from testbed.trace.format import Header
from testbed.trace.reader import Trace, header, read
from testbed.trace.writer import TraceWriter

__all__ = ["Header", "Trace", "TraceWriter", "header", "read"]
