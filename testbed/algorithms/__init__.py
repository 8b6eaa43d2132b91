"""One file per algorithm: what is sent, and how what arrived is mixed. What they share is in `common`."""

from testbed.algorithms.common.algorithm import Algorithm, Demand, State, Training
from testbed.algorithms.common.message import size_bytes
from testbed.algorithms.common.registry import create, find
from testbed.scenario.algorithms import names

__all__ = ["Algorithm", "Demand", "State", "Training", "create", "find", "names", "size_bytes"]
