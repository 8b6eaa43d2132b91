"""Which steps of a trace are connected, together or alone. Links count in whichever direction they exist."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from testbed.trace.inspect.spans import Ints, Reals, distinct, pair_keys
from testbed.trace.inspect.steps import Steps


@dataclass(frozen=True)
class Connectivity:
    """What is connected when."""

    window: int | None
    """The smallest B such that the union of every B consecutive steps is connected; None if that of all is not."""
    components: int
    """Of the union of all steps; a node that never had a link is one of its own."""
    largest: int
    """Nodes in the largest of them."""
    needed: Reals
    """(steps,) how many steps, counted back from each, have a connected union; infinite where even all have not."""
    largest_share: Reals
    """(steps,) share of the nodes that are in the largest component of that step alone."""


def connectivity(steps: Steps) -> Connectivity:
    """As B-connectivity is assumed of time-varying graphs (Nedić and Ozdaglar 2009), but for windows at every offset.

    A union of the last steps is connected if and only if a maximum spanning tree over the times when each pair was seen
    last has no older edge. That tree is kept from step to step: the old one and the pairs of the step hold the new one.
    """
    tree, seen = np.zeros(0, np.int64), np.zeros(0, np.int64)
    needed, share = np.full(steps.count, np.inf), np.zeros(steps.count)
    for step, keys in enumerate(steps.graphs()):
        share[step] = component_sizes(keys, steps.nodes).max() / steps.nodes
        both, at = np.unique(np.concatenate([keys, tree]), return_index=True)
        tree, age = _spanning(both, step - np.concatenate([np.full(len(keys), step), seen])[at], steps.nodes)
        seen = step - age
        if len(tree) == steps.nodes - 1:
            needed[step] = age.max(initial=0) + 1
    sizes = component_sizes(distinct(pair_keys(steps.src, steps.dst)), steps.nodes)
    return Connectivity(_smallest_window(needed), len(sizes), int(sizes.max()), needed, share)


def component_sizes(keys: Ints, nodes: int) -> Ints:
    """Nodes in each component of a graph of these pairs."""
    graph = csr_array((np.ones(len(keys), np.int8), (keys >> 32, keys & 0xFFFFFFFF)), (nodes, nodes))
    return np.bincount(connected_components(graph, directed=False)[1])


def _spanning(keys: Ints, age: Ints, nodes: int) -> tuple[Ints, Ints]:
    """The pairs of the spanning forest with the least ages, and these."""
    # An edge of weight 0 would be none.
    graph = csr_array((age + 1.0, (keys >> 32, keys & 0xFFFFFFFF)), (nodes, nodes))
    tree = minimum_spanning_tree(graph).tocoo()
    return pair_keys(tree.row, tree.col), tree.data.astype(np.int64) - 1


def _smallest_window(needed: Reals) -> int | None:
    """Windows that end before step B - 1 are no whole ones."""
    worst = np.maximum.accumulate(needed[::-1])[::-1]
    fits = np.flatnonzero(worst <= np.arange(1, len(needed) + 1))
    return int(fits[0]) + 1 if len(fits) else None
