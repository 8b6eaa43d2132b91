"""The three tables of the HyperPrism paper, run by one command: `testbed reproduce hyperprism`."""

from testbed.reproduction.entry import reproduce
from testbed.reproduction.grid import Plan, quick

__all__ = ["Plan", "quick", "reproduce"]
