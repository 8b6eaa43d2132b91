"""The devices themselves: how long they compute, when they are away, and what their batteries hold."""

from testbed.devices.battery import Battery
from testbed.devices.churn import Churn, churn
from testbed.devices.pace import Pace

__all__ = ["Battery", "Churn", "Pace", "churn"]
