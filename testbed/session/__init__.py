"""The coupling of learning and network: the only room where the two meet."""

from testbed.session.entry import record, replay, run

__all__ = ["record", "replay", "run"]
