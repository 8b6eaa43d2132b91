"""What holds for all algorithms, on graphs of every kind."""

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor

from testbed.aggregation import metropolis
from testbed.algorithms import ALGORITHMS, Algorithm, create
from testbed.scenario.schema import Algorithm as Settings

PARTS = {"representation": slice(0, 10), "decision": slice(10, 40)}
KINDS = [(name, "mirror") for name in ALGORITHMS] + [("wpm", "primal"), ("hyperprism", "primal")]
ONE_WAY = np.triu(np.ones((5, 5), dtype=bool), 1)
GRAPHS = {
    "one device": nx.to_numpy_array(nx.empty_graph(1)) > 0,
    "line": nx.to_numpy_array(nx.path_graph(5)) > 0,
    "ring": nx.to_numpy_array(nx.cycle_graph(5)) > 0,
    "star": nx.to_numpy_array(nx.star_graph(4)) > 0,
    "empty": np.zeros((5, 5), dtype=bool),
    "disconnected": nx.to_numpy_array(nx.disjoint_union(nx.path_graph(2), nx.path_graph(3))) > 0,
    "one-way": ONE_WAY,
}


def prepared(name: str, variant: str, devices: int) -> tuple[Algorithm, Tensor, Tensor]:
    settings = Settings(name=name, variant=variant, lr=0.1)  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(7)
    models = 0.1 * torch.randn(devices, 40, generator=random)
    return create(settings, PARTS, devices, 3), models, 0.01 * torch.randn(devices, 40, generator=random)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize(("name", "variant"), KINDS)
def test_ten_rounds_are_finite_and_pure(name: str, variant: str, graph: str) -> None:
    links = GRAPHS[graph]
    algorithm, models, updates = prepared(name, variant, len(links))
    weights, state = metropolis(links, links), algorithm.start(models)
    for _ in range(10):
        messages = algorithm.message(models, updates)
        copies = [tensor.clone() for tensor in (models, updates, messages, weights, *state.values())]
        mixed, following = algorithm.mix(models, updates, messages, weights, state)
        again, _ = algorithm.mix(models, updates, messages, weights, state)
        assert all(map(torch.equal, copies, (models, updates, messages, weights, *state.values())))
        assert torch.equal(mixed, again)
        assert mixed.isfinite().all()
        assert mixed.shape == models.shape
        assert mixed.data_ptr() not in (models.data_ptr(), messages.data_ptr())
        assert {key: value.shape for key, value in following.items()} == {k: v.shape for k, v in state.items()}
        models, state = mixed, following
    assert all(column.shape == (len(links),) for column in algorithm.report(state).values())


@pytest.mark.parametrize(("name", "variant"), KINDS)
def test_who_receives_nothing_takes_only_its_own_step(name: str, variant: str) -> None:
    algorithm, models, updates = prepared(name, variant, 4)
    alone = torch.eye(4, dtype=torch.float64)
    mixed, _ = algorithm.mix(models, updates, algorithm.message(models, updates), alone, algorithm.start(models))
    if name in ("dpsgd", "atc", "local") or variant == "primal":
        assert torch.equal(mixed, models - updates)
    elif name == "wpm":
        total = models.double() ** 3 - updates
        torch.testing.assert_close(mixed.double() ** 3, total, rtol=1e-6, atol=0)
    still, _ = algorithm.mix(
        models, 0 * updates, algorithm.message(models, 0 * updates), alone, algorithm.start(models)
    )
    if name != "allreduce":
        assert torch.equal(still, models)


@pytest.mark.parametrize(("name", "variant"), KINDS)
def test_what_goes_on_the_air(name: str, variant: str) -> None:
    algorithm, models, updates = prepared(name, variant, 3)
    silent = name in ("local", "allreduce")
    assert algorithm.needs_air is not silent
    assert algorithm.message_values(40) == (0 if silent else 40)
    sent = models - updates if name in ("atc", "allreduce") or variant == "primal" else models
    assert torch.equal(algorithm.message(models, updates), sent)


@pytest.mark.parametrize(("name", "variant"), [kind for kind in KINDS if kind[0] != "allreduce"])
def test_some_devices_mix_alone_as_they_would_among_all(name: str, variant: str) -> None:
    """Rows of the devices that mix, columns of the messages that they mix, their own first."""
    links = np.ones((5, 5), dtype=bool)
    algorithm, models, updates = prepared(name, variant, 5)
    weights, state, messages = metropolis(links, links), algorithm.start(models), algorithm.message(models, updates)
    for some in ([2], [3, 1]):
        order = [*some, *(other for other in range(5) if other not in some)]
        own = {key: value[some] for key, value in state.items()}
        mixed, following = algorithm.mix(models[some], updates[some], messages[order], weights[some][:, order], own)
        whole, after = algorithm.mix(models, updates, messages, weights, state)
        torch.testing.assert_close(mixed, whole[some], rtol=1e-5, atol=1e-6)
        assert all(following[key].shape == after[key][some].shape for key in after)
