"""What holds for all algorithms, on graphs of every kind."""

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor

from testbed.algorithms import Algorithm, create, names, size_bytes
from testbed.exchange import HEADER_BYTES
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import mix_over, training

PARTS = {"representation": slice(0, 10), "decision": slice(10, 40)}
KINDS = [(name, "mirror") for name in names()] + [("wpm", "primal"), ("hyperprism", "primal")]
CODED = {"choco": "a few of the entries", "epidemic": "also the numbers of those that it is for"}
"""What goes on the air other than 4 bytes for each value of a message."""
DRAWING = ("epidemic", "swarm")
"""Those where something is drawn for each device, or pair, by its number."""
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
    links = torch.from_numpy(GRAPHS[graph])
    algorithm, models, updates = prepared(name, variant, len(links))
    state = algorithm.start(models)
    for round_ in range(10):
        done, weights = training(models, updates, 0.1), algorithm.weights(links, links, round_)
        for _ in range(algorithm.exchanges):
            messages = algorithm.message(done, state)
            copies = [tensor.clone() for tensor in (models, updates, messages, weights, *state.values())]
            mixed, following = algorithm.mix(done, messages, weights, state)
            again, _ = algorithm.mix(done, messages, weights, state)
            assert all(map(torch.equal, copies, (models, updates, messages, weights, *state.values())))
            assert torch.equal(mixed, again)
            assert mixed.isfinite().all()
            assert mixed.shape == models.shape
            assert {key: value.shape for key, value in following.items()} == {k: v.shape for k, v in state.items()}
            assert {key: value.dtype for key, value in following.items()} == {k: v.dtype for k, v in state.items()}
            state = following
        models = mixed
    assert all(column.shape == (len(links),) for column in algorithm.report(state).values())


@pytest.mark.parametrize(("name", "variant"), [kind for kind in KINDS if kind[0] not in DRAWING])
def test_a_round_can_be_done_in_another_order_of_devices(name: str, variant: str) -> None:
    """Permuting the devices permutes the outcome."""
    links = torch.from_numpy(GRAPHS["disconnected"])
    algorithm, models, updates = prepared(name, variant, 5)
    order = torch.tensor([3, 0, 4, 2, 1])
    state, permuted = algorithm.start(models), {k: v[order] for k, v in algorithm.start(models).items()}
    mixed, _ = mix_over(algorithm, training(models, updates, 0.1), links, state)
    others, _ = mix_over(algorithm, training(models[order], updates[order], 0.1), links[order][:, order], permuted)
    torch.testing.assert_close(others, mixed[order], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "variant"), KINDS)
def test_what_goes_on_the_air(name: str, variant: str) -> None:
    algorithm, models, updates = prepared(name, variant, 3)
    done = training(models, updates, 0.1)
    sizes, sent = algorithm.message_bytes(40), algorithm.message(done, algorithm.start(models))
    assert (max(sizes) == 0) is not algorithm.needs_air
    assert all(size == 0 or size > HEADER_BYTES for size in sizes)
    assert len(sent) == 3
    if algorithm.needs_air and name not in CODED:
        assert sizes == (size_bytes(sent.shape[1]),)
    if name in ("dpsgd", "wpm", "hyperprism"):
        assert torch.equal(sent, models - updates if variant == "primal" else models)


@pytest.mark.parametrize(("name", "variant"), [kind for kind in KINDS if "local" in prepared(*kind, 2)[0].modes])
def test_some_devices_mix_alone_as_they_would_among_all(name: str, variant: str) -> None:
    """Rows of the devices that mix, columns of the messages that they mix, their own first."""
    links = torch.ones((5, 5), dtype=torch.bool)
    algorithm, models, updates = prepared(name, variant, 5)
    done, state = training(models, updates, 0.1), algorithm.start(models)
    weights, messages = algorithm.weights(links, links, 0), algorithm.message(done, state)
    for some in ([2], [3, 1]):
        order = [*some, *(other for other in range(5) if other not in some)]
        own = {key: value[some] for key, value in state.items()}
        theirs = training(models[some], updates[some], 0.1)
        mixed, following = algorithm.mix(theirs, messages[order], weights[some][:, order], own)
        whole, after = algorithm.mix(done, messages, weights, state)
        torch.testing.assert_close(mixed, whole[some], rtol=1e-5, atol=1e-6)
        assert all(following[key].shape == after[key][some].shape for key in after)


@pytest.mark.parametrize("name", ["dpsgd", "atc", "local", "wpm"])
def test_who_receives_nothing_takes_only_its_own_step(name: str) -> None:
    algorithm, models, updates = prepared(name, "primal", 4)
    mixed, _ = mix_over(algorithm, training(models, updates, 0.1), torch.zeros((4, 4), dtype=torch.bool), {})
    assert torch.equal(mixed, models - updates)
    algorithm, models, updates = prepared("wpm", "mirror", 4)
    mixed, _ = mix_over(algorithm, training(models, updates, 0.1), torch.zeros((4, 4), dtype=torch.bool), {})
    torch.testing.assert_close(mixed.double() ** 3, models.double() ** 3 - updates, rtol=1e-6, atol=0)
