"""The check values of four devices on a path with f_i(x) = c_i (x - b_i)^2 / 2, x = 0 at first, lr .05, optimum .7."""

import pytest
import torch

from testbed.algorithms import create
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, mix_over, solve, training


@pytest.mark.parametrize(
    ("name", "rounds", "expected"),
    [
        ("dpsgd", 1, (0.05, -0.1, 0.3, 0.1)),
        ("dpsgd", 2, (0.0475, -0.0066666667, 0.355, 0.2466666667)),
        ("dpsgd", 3000, (0.5505162988, 0.4830937437, 0.8605993116, 0.7253745698)),
        ("atc", 1, (0, 0.0833333333, 0.1, 0.1666666667)),
        ("atc", 2, (0.025, 0.1366666667, 0.1977777778, 0.2838888889)),
        ("atc", 3000, (0.520580457, 0.6362650031, 0.6960059673, 0.7797179087)),
        ("local", 3000, (1, -1, 2, 0.5)),
        ("allreduce", 3000, (0.7, 0.7, 0.7, 0.7)),
    ],
)
def test_check_values(name: str, rounds: int, expected: tuple[float, ...]) -> None:
    assert solve(rounds, name=name).flatten().tolist() == pytest.approx(expected, abs=1.1e-10)


@pytest.mark.parametrize("name", ["dpsgd", "atc"])
def test_the_limit_is_biased(name: str) -> None:
    assert (solve(3000, name=name) - 0.7).abs().max() > 0.05


@pytest.mark.parametrize(("variant", "linear"), [("mirror", "dpsgd"), ("primal", "atc")])
@pytest.mark.parametrize("rounds", [1, 2, 100])
def test_p_1_is_the_linear_algorithm_bit_for_bit(variant: str, linear: str, rounds: int) -> None:
    expected = solve(rounds, name=linear)
    assert torch.equal(solve(rounds, name="wpm", variant=variant, p=1), expected)
    assert torch.equal(solve(rounds, name="hyperprism", variant=variant, p=1, choice="hard"), expected)


@pytest.mark.parametrize("name", ["dpsgd", "atc", "allreduce"])
def test_mixing_alone_leaves_the_mean(name: str) -> None:
    algorithm = create(Settings(name=name), {"decision": slice(0, 50)}, 4, 1)  # type: ignore[arg-type]
    models = torch.randn(4, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    zero = torch.zeros_like(models)
    mixed, _ = mix_over(algorithm, training(models, zero, 0.01), PATH, {})
    torch.testing.assert_close(mixed.mean(0), models.mean(0), rtol=0, atol=1e-12)
