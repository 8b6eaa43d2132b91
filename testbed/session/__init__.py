"""The coupling of learning and network: the only room where the two meet."""

from testbed.session.entry import replay, run
from testbed.session.recording import record

__all__ = ["record", "replay", "run"]
