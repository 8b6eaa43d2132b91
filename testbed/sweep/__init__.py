"""Sweeps: many runs from one file, each once, over shared airs."""

from testbed.sweep.entry import require_folder, sweep
from testbed.sweep.estimate import Estimate, estimate
from testbed.sweep.plan import Plan, plan_of

__all__ = ["Estimate", "Plan", "estimate", "plan_of", "require_folder", "sweep"]
