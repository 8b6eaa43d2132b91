"""Figures of runs."""

from testbed.report.animation import animate
from testbed.report.figures import plot
from testbed.report.network import plot_network
from testbed.report.theory import plot_powers, plot_theory
from testbed.report.timeline import plot_timeline
from testbed.report.traces import plot_trace

__all__ = ["animate", "plot", "plot_network", "plot_powers", "plot_theory", "plot_timeline", "plot_trace"]
