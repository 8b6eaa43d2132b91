"""Figures of runs."""

from testbed.report.animation import animate
from testbed.report.figures import plot
from testbed.report.network import plot_network
from testbed.report.timeline import plot_timeline

__all__ = ["animate", "plot", "plot_network", "plot_timeline"]
