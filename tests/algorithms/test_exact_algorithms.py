"""Algorithms that come to the optimum .7 of four unlike devices on a path, and QG-DSGDm, which does not."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from testbed.aggregation import metropolis
from testbed.algorithms import Algorithm, create
from testbed.algorithms.mudag import eta_w
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, RING, STAR, B, C, mix_over, solve, training

MUDAG = {"name": "mudag", "lr": 0.25, "condition": 4, "gossip": "metropolis"}
W = metropolis(PATH, PATH)


@pytest.mark.parametrize(
    ("settings", "rounds", "expected"),
    [
        ({"name": "dsgt"}, 1, (0, 0.0833333333, 0.1, 0.1666666667)),
        ({"name": "kgt"}, 1, (0, 0.0833333333, 0.1, 0.1666666667)),
        ({"name": "d2"}, 2, (0.0379861111, 0.0592361111, 0.2840277778, 0.2616666667)),
        ({**MUDAG, "exchanges": 1}, 1, (-0.0637490458, 0.6504131679, 0.2450038168, 0.9183320611)),
        ({"name": "dsgt"}, 400, (0.7,) * 4),
        ({"name": "kgt", "local_steps": 3}, 400, (0.7,) * 4),
        ({"name": "d2"}, 400, (0.7,) * 4),
        ({**MUDAG, "exchanges": 2}, 300, (0.7,) * 4),
        ({**MUDAG, "exchanges": 3}, 300, (0.7,) * 4),
        ({**MUDAG, "exchanges": 2, "gossip": "laplacian"}, 300, (0.7,) * 4),
    ],
)
def test_check_values(settings: dict[str, Any], rounds: int, expected: tuple[float, ...]) -> None:
    assert solve(rounds, **settings).flatten().tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("settings", [{"name": "dsgt"}, {"name": "kgt", "local_steps": 2}, {**MUDAG, "exchanges": 3}])
def test_links_may_change(settings: dict[str, Any]) -> None:
    assert solve(500, (PATH, RING, STAR), **settings).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-9)


def test_gradient_tracking_as_it_is_written() -> None:
    """y comes after x in the paper's order; here a round begins with the gradient."""
    x, lr = torch.zeros(4, 1, dtype=torch.float64), 0.05
    y = C * (x - B)
    for _ in range(20):
        following = W @ (x - lr * y)
        y = W @ y + C * (following - B) - C * (x - B)
        x = following
    torch.testing.assert_close(solve(20, name="dsgt"), x, rtol=0, atol=1e-14)


def test_one_local_step_of_kgt_is_gradient_tracking() -> None:
    torch.testing.assert_close(solve(50, name="kgt"), solve(50, name="dsgt"), rtol=0, atol=1e-13)


@pytest.mark.parametrize("exchanges", [1, 2, 5])
def test_mudag_as_it_is_written(exchanges: int) -> None:
    lr, eta = 0.1, eta_w(0.8047378541243649)
    x = y = before = torch.zeros(4, 1, dtype=torch.float64)
    gradient_before = torch.zeros_like(x)
    for _ in range(8):
        gradient = C * (y - B)
        z = last = y + x - before - lr * (gradient - gradient_before)
        for _ in range(exchanges):
            z, last = (1 + eta) * W @ z - eta * last, z
        before, gradient_before = y, gradient
        x, y = z, z + 0.51949385 * (z - x)
    ours = solve(8, **{**MUDAG, "lr": lr, "condition": 10.0, "exchanges": exchanges})
    torch.testing.assert_close(ours, x, rtol=0, atol=1e-6)


def test_the_momentum_of_fastmix() -> None:
    assert eta_w(0.80473785412) == pytest.approx(0.2549961832, abs=1e-10)
    assert eta_w(0) == 0


def test_every_exchange_of_mudag_carries_something_else() -> None:
    algorithm = create(Settings(name="mudag", exchanges=4), {"decision": slice(0, 1)}, 4, 1)
    models = B.clone()
    done, state = training(models, 0.1 * models, 0.1), algorithm.start(models)
    sent = []
    for _ in range(algorithm.exchanges):
        sent.append(algorithm.message(done, state))
        _, state = algorithm.mix(done, sent[-1], W, state)
    assert all(not torch.equal(one, other) for one, other in pairwise(sent))
    assert state["exchange"].tolist() == [0] * 4


def test_quasi_global_momentum_as_it_is_written() -> None:
    lr, beta = 0.05, 0.8
    x = torch.zeros(4, 1, dtype=torch.float64)
    m = torch.zeros_like(x)
    for _ in range(30):
        following = W @ (x - lr * (beta * m + C * (x - B)))
        m, x = beta * m + (1 - beta) * (x - following) / lr, following
    torch.testing.assert_close(solve(30, name="qg_dsgdm", momentum=beta), x, rtol=0, atol=1e-13)
    assert (solve(1000, name="qg_dsgdm") - 0.7).abs().max() > 0.01


def test_quasi_global_momentum_of_several_steps_is_that_of_their_mean() -> None:
    zero = torch.zeros(4, 1, dtype=torch.float64)
    algorithm = create(Settings(name="qg_dsgdm", local_steps=4, lr=0.05), {"decision": slice(0, 1)}, 4, 1)
    _, state = mix_over(algorithm, training(zero, 0.05 * 4 * torch.ones_like(zero), 0.05), PATH, algorithm.start(zero))
    torch.testing.assert_close(state["momentum"], torch.full_like(zero, 0.1), rtol=0, atol=1e-14)


def fresh(name: str) -> tuple[Algorithm, Tensor]:
    algorithm = create(Settings(name=name), {"decision": slice(0, 50)}, 4, 1)
    return algorithm, torch.randn(4, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["dsgt", "kgt", "d2", "mudag", "qg_dsgdm"])
def test_mixing_alone_leaves_the_mean(name: str) -> None:
    algorithm, models = fresh(name)
    mixed, _ = mix_over(algorithm, training(models, torch.zeros_like(models), 0.01), PATH, algorithm.start(models))
    torch.testing.assert_close(mixed.mean(0), models.mean(0), rtol=0, atol=1e-12)
    assert not torch.equal(mixed, models)


def test_the_mean_of_what_is_tracked_is_that_of_the_gradients_even_of_those_that_did_not_train() -> None:
    algorithm, models = fresh("dsgt")
    state = algorithm.start(models)
    for round_ in range(6):
        updates = 0.01 * torch.randn(models.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(round_))
        updates[round_ % 4] = 0
        models, state = mix_over(algorithm, training(models, updates, 0.01), PATH, state)
        torch.testing.assert_close(state["mixed"].mean(0), updates.mean(0) / 0.01, rtol=0, atol=1e-12)


def test_corrections_of_kgt_sum_to_zero() -> None:
    algorithm, models = fresh("kgt")
    _, state = mix_over(algorithm, training(models, 0.01 * models, 0.01), PATH, algorithm.start(models))
    assert state["correction"].abs().max() > 0.1
    torch.testing.assert_close(state["correction"].sum(0), torch.zeros_like(models[0]), rtol=0, atol=1e-12)


def test_what_is_lost_one_way_moves_the_mean() -> None:
    """It is what the files of these algorithms say."""
    lost = PATH.clone()
    lost[1, 2] = False
    for name in ("dsgt", "d2", "mudag"):
        algorithm, models = fresh(name)
        weights, done = algorithm.weights(PATH, lost, 0), training(models, torch.zeros_like(models), 0.01)
        mixed, _ = algorithm.mix(
            done, algorithm.message(done, algorithm.start(models)), weights, algorithm.start(models)
        )
        assert (mixed.mean(0) - models.mean(0)).abs().max() > 1e-3
