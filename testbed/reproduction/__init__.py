"""Experiments of papers, each run by one command: `testbed reproduce hyperprism`, `testbed reproduce lora`."""

from testbed.reproduction.choice import Choice, choose
from testbed.reproduction.entry import reproduce

__all__ = ["Choice", "choose", "reproduce"]
