"""Runs in the logs of other programs: TensorBoard and MLflow, without a network. The tables stay the truth."""

from testbed.trackers.sending import Tracking, track
from testbed.trackers.tracker import Row, Tracker, store_of
from testbed.trackers.trackers import TRACKERS, check

__all__ = ["TRACKERS", "Row", "Tracker", "Tracking", "check", "store_of", "track"]
