"""The coupling of learning and network: the only room where the two meet."""

from testbed.session.entry import run
from testbed.session.recording import record
from testbed.session.replaying import replay, replay_keys
from testbed.session.shards import Ray, engine

__all__ = ["Ray", "engine", "record", "replay", "replay_keys", "run"]
