"""Figures of runs."""

from testbed.report.figures import plot

__all__ = ["plot"]
