"""The on-disk link trace: what `record` writes, importers make, and `replay` reads."""

from testbed.trace.format import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows
from testbed.trace.reader import header, read
from testbed.trace.value import Trace
from testbed.trace.writer import TraceWriter, write

__all__ = ["NO_ROUND", "OPEN_NS", "Header", "LinkRows", "NodeRows", "Trace", "TraceWriter", "header", "read", "write"]
