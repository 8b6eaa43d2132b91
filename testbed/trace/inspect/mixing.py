"""How fast averaging over a graph would mix: the spectral gap of its Metropolis matrix."""

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from testbed.trace.inspect.connectivity import component_sizes
from testbed.trace.inspect.spans import Ints, Reals, distinct, pair_keys
from testbed.trace.inspect.steps import Steps

DENSE = 128
"""Nodes up to which all eigenvalues are quicker than the one that is wanted."""

SAMPLED = 200
"""Steps, evenly spread, of which the gap is computed where a trace has more."""


def metropolis(keys: Ints, nodes: int) -> csr_array:
    """Mixing matrix W (nodes, nodes) of an undirected graph, symmetric and doubly stochastic:

        W_ij = 1 / (1 + max(d_i, d_j))  for linked i and j, d_i the degree of i,
        W_ii = 1 - sum of the others    (Xiao, Boyd and Lall 2005, the Metropolis weights)

    as `aggregation.weights.metropolis` has it for two-way links of which nothing is lost.
    """
    src, dst = keys >> 32, keys & 0xFFFFFFFF
    degree = np.bincount(src, minlength=nodes) + np.bincount(dst, minlength=nodes)
    weight = 1 / (1 + np.maximum(degree[src], degree[dst]))
    half = csr_array((weight, (src, dst)), (nodes, nodes))
    others = half + half.T
    return csr_array(others + diags_array(1 - others.sum(1)))


def spectral_gap(keys: Ints, nodes: int) -> float:
    """1 - max(|λ_2|, |λ_n|) of W: 0 for a graph that is not connected, 1 where one step averages all.

    λ_2 and λ_n are the second largest and the smallest eigenvalue; max(|λ_2|, |λ_n|) is the asymptotic convergence
    factor (Xiao and Boyd 2004). NaN where the iteration for it does not end, on sparse graphs of many thousand nodes.
    """
    if len(component_sizes(keys, nodes)) > 1:
        return 0.0
    matrix = metropolis(keys, nodes)
    if nodes <= DENSE:
        return float(1 - np.abs(np.linalg.eigvalsh(matrix.toarray() - 1 / nodes)).max())
    # Without the eigenvalue 1 of equal models, the largest in absolute value is the one that is wanted.
    rest = LinearOperator((nodes, nodes), matvec=lambda x: matrix @ x - x.mean(), dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(nodes)
    try:
        return float(1 - abs(eigsh(rest, 1, which="LM", v0=start, return_eigenvectors=False)[0]))
    except ArpackNoConvergence:
        return float("nan")


def gaps(steps: Steps) -> Reals:
    """(at most SAMPLED,) the gap of each step, or of that many which are spread evenly."""
    wanted = set(np.linspace(0, steps.count - 1, min(steps.count, SAMPLED)).round().astype(int).tolist())
    found, known = list[float](), dict[bytes, float]()
    for step, keys in enumerate(steps.graphs()):
        if step in wanted:
            name = keys.tobytes()
            if name not in known:
                known = {name: spectral_gap(keys, steps.nodes)}
            found.append(known[name])
    return np.array(found)


def union_gap(steps: Steps) -> float:
    """The gap of the union of all steps."""
    return spectral_gap(distinct(pair_keys(steps.src, steps.dst)), steps.nodes)
