"""The coupling of learning and network: the only room where the two meet."""

from testbed.session.entry import replay, replay_keys, run
from testbed.session.recording import record

__all__ = ["record", "replay", "replay_keys", "run"]
