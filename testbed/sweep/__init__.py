"""Sweeps: many runs from one file, each once, over shared airs."""

from testbed.sweep.entry import require_folder, sweep
from testbed.sweep.estimate import Estimate, estimate
from testbed.sweep.file import read_sweep
from testbed.sweep.plan import Plan, plan_of
from testbed.sweep.settings import count

__all__ = ["Estimate", "Plan", "count", "estimate", "plan_of", "read_sweep", "require_folder", "sweep"]
