"""Mixing as pure functions on tensors: who weighs how much, and which mean is taken."""

from testbed.aggregation.linear import linear
from testbed.aggregation.power_mean import power_mean, power_mean_and_slope
from testbed.aggregation.weights import laplacian, metropolis, mutual, push_sum, uniform

__all__ = ["laplacian", "linear", "metropolis", "mutual", "power_mean", "power_mean_and_slope", "push_sum", "uniform"]
