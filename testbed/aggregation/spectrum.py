"""What eigenvalues say of mixing weights, at a cost of the order of the links and not of devices cubed.

The largest eigenvalue comes, beyond SMALL devices, from the Lanczos method (Golub and Van Loan, "Matrix Computations",
chapter 10), with all its vectors kept orthogonal and a start that is always the same. It is right to about 10 digits;
for a line of many devices it is what STEPS steps give, which is a little too small.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.sparse import csgraph, csr_array
from torch import Tensor

SMALL = 128
"""Up to so many devices all eigenvalues are computed."""
STEPS = 300
EVERY = 4
"""Steps between two looks at what is reached."""
TOLERANCE = 1e-7
"""Of the eigenvector, relative; the error of its eigenvalue is of the order of the square."""

Array = NDArray[Any]
Value = TypeVar("Value")


def remembered(function: Callable[[Array], Value]) -> Callable[[Tensor], Value]:
    """A function of a tensor (devices, devices), with the last few values kept: links often stay as they are."""

    @lru_cache(maxsize=4)
    def of_bytes(entries: bytes, kind: np.dtype[Any], devices: int) -> Value:
        return function(np.frombuffer(entries, kind).reshape(devices, devices))

    @wraps(function)
    def of_tensor(matrix: Tensor) -> Value:
        entries = matrix.numpy()
        return of_bytes(entries.tobytes(), entries.dtype, len(entries))

    return of_tensor


@remembered
def contraction(weights: Array) -> float:
    """The largest singular value of W - 11'/m, for weights W (devices, devices).

    One mixing leaves at the most this share of the distance to the mean.
    """
    return _beside_means(csr_array(weights), np.zeros(len(weights), dtype=np.int32))


@remembered
def second_eigenvalue(weights: Array) -> tuple[float, int]:
    """Of symmetric doubly stochastic weights (devices, devices), the largest |eigenvalue| but for one 1 of each
    component of their graph, and the number of components."""
    matrix = csr_array(weights)
    count, groups = csgraph.connected_components(matrix, directed=False)
    return _beside_means(matrix, groups), int(count)


@remembered
def laplacian_norm(graph: Array) -> float:
    """The largest eigenvalue of the Laplacian D - A of an undirected graph (devices, devices) without loops."""
    matrix = csgraph.laplacian(csr_array(graph.astype(np.float64)))
    return _largest(lambda vectors: np.asarray(matrix @ vectors), len(graph))


def _beside_means(matrix: csr_array, groups: NDArray[np.int32]) -> float:
    """The largest singular value of W - Q, where Q takes the mean over each group of devices."""
    count = len(groups)
    share = np.bincount(groups)[groups] ** -0.5
    mean = csr_array((share, groups, np.arange(count + 1)), shape=(count, int(groups.max()) + 1))

    def square(vectors: Array) -> Array:
        image = matrix @ vectors - mean @ (mean.T @ vectors)
        return np.asarray(matrix.T @ image - mean @ (mean.T @ image))

    return float(np.sqrt(_largest(square, count)))


def _largest(apply: Callable[[Array], Array], size: int) -> float:
    """The largest eigenvalue of a symmetric map (size,) -> (size,) that has no negative ones; of a matrix (size, n) it
    maps every column."""
    if size <= SMALL:
        return max(float(np.linalg.eigvalsh(apply(np.eye(size)))[-1]), 0.0)
    basis, diagonal, beside = np.empty((min(size, STEPS), size)), list[float](), list[float]()
    image, largest = np.random.default_rng(0).standard_normal(size), 0.0
    for step in range(min(size, STEPS)):
        basis[step] = image / np.linalg.norm(image)
        image = apply(basis[step])
        diagonal.append(float(image @ basis[step]))
        for _ in range(2):
            image -= (basis[: step + 1] @ image) @ basis[: step + 1]
        rest = float(np.linalg.norm(image))
        done = rest <= 1e-13 * max(map(abs, diagonal))
        if done or step % EVERY == 0 or step + 1 == min(size, STEPS):
            values, vectors = eigh_tridiagonal(diagonal, beside, select="i", select_range=(step, step))
            largest = float(values[0])
            if done or rest * abs(vectors[-1, 0]) <= TOLERANCE * largest:
                break
        beside.append(rest)
    return max(largest, 0.0)
