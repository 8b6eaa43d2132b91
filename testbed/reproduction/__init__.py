"""The three tables of the HyperPrism paper, run by one command: `testbed reproduce hyperprism`."""

from testbed.reproduction.choice import Choice
from testbed.reproduction.entry import reproduce

__all__ = ["Choice", "reproduce"]
