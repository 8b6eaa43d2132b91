"""Figures of runs."""

from testbed.report.figures import plot
from testbed.report.network import plot_network

__all__ = ["plot", "plot_network"]
