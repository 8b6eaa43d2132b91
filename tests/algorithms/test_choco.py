import pytest
import torch
from torch import Tensor

from testbed.algorithms import Algorithm, State, create
from testbed.algorithms.common.message import size_bytes
from testbed.errors import UserError
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, RING, mix_over, solve, training

KINDS = [{"compression": "top-k", "keep": 0.2}, {"compression": "quantised", "bits": 4}, {"compression": "none"}]


def choco(**settings: object) -> Algorithm:
    return create(Settings(**{"name": "choco", **settings}), {"decision": slice(0, 50)}, 4, 1)  # type: ignore[arg-type]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def lose(algorithm: Algorithm, models: Tensor, arrived: Tensor, state: State, round_: int) -> tuple[Tensor, State]:
    """A round without a gradient on a ring of which only some messages arrive."""
    done = training(models, torch.zeros_like(models), 0.1, round_)
    return algorithm.mix(done, algorithm.message(done, state), algorithm.weights(RING, arrived, round_), state)


@pytest.mark.parametrize("rounds", [1, 2, 100])
@pytest.mark.parametrize("resync", [0, 3])
@pytest.mark.parametrize("settings", [{"compression": "none"}, {"compression": "top-k", "keep": 1}])
def test_without_compression_and_damping_it_is_atc(rounds: int, resync: int, settings: dict[str, object]) -> None:
    mixed = solve(rounds, name="choco", gamma=1, resync_rounds=resync, **settings)
    torch.testing.assert_close(mixed, solve(rounds, name="atc"), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_devices_agree_on_the_mean_that_they_began_with(kind: dict[str, object]) -> None:
    algorithm, models = choco(gamma=0.3, **kind), random(4, 50)
    state, start = algorithm.start(models), models
    for round_ in range(300):
        models, state = mix_over(
            algorithm, training(models, torch.zeros_like(models), 0.1, round_), PATH, state, round_
        )
        torch.testing.assert_close(models.mean(0), start.mean(0), rtol=0, atol=1e-12)
    assert (models - start.mean(0)).abs().max() < 1e-3


def test_a_lost_message_silences_its_sender_until_a_whole_model_comes() -> None:
    algorithm, models = choco(keep=1, gamma=1, resync_rounds=4), random(4, 50)
    state, lost = algorithm.start(models), RING.clone()
    lost[0, 1] = False
    for round_ in range(8):
        before = models
        models, state = lose(algorithm, models, lost if round_ == 1 else RING, state, round_)
        silent = round_ in (1, 2, 3)
        assert bool(state["held"][1, 0]) is not silent
        expected = before[[0, 3]] if silent else before[[0, 1, 3]]
        shares = torch.tensor([2 / 3, 1 / 3] if silent else [1 / 3] * 3, dtype=torch.float64)
        torch.testing.assert_close(models[0], shares @ expected, rtol=0, atol=1e-12)


def test_without_whole_models_it_stays_silent() -> None:
    algorithm, models = choco(), random(4, 50)
    state, lost = algorithm.start(models), RING.clone()
    lost[0, 1] = False
    for round_ in range(6):
        models, state = lose(algorithm, models, lost if round_ == 0 else RING, state, round_)
    assert (~state["held"]).nonzero().tolist() == [[0, 2], [1, 0], [1, 3], [2, 0], [3, 1]]


def test_that_it_stays_silent_is_said_before_the_first_round() -> None:
    assert "leaves that device out" in choco(compression="top-k").notes[0]
    assert not choco(compression="top-k", resync_rounds=5).notes
    assert not choco(compression="none").notes


def test_without_compression_nothing_missed_is_missed_for_long() -> None:
    algorithm, models = choco(compression="none", gamma=1), random(4, 50)
    state, nothing = algorithm.start(models), torch.zeros_like(RING)
    for round_, arrived in enumerate([nothing, RING]):
        models, state = lose(algorithm, models, arrived, state, round_)
    shares = torch.tensor([1 / 3, 1 / 3, 1 / 3], dtype=torch.float64)
    torch.testing.assert_close(models[0], shares @ random(4, 50)[[0, 1, 3]], rtol=0, atol=1e-12)


def test_bytes_in_turn() -> None:
    compressed = 28 + 4 + 4 * 5  # five numbers of 6 bits, then five values
    assert choco(keep=0.1).message_bytes(50) == (compressed,)
    assert choco(keep=0.1, resync_rounds=3).message_bytes(50) == (size_bytes(50), compressed, compressed)
    assert choco(compression="quantised", bits=5).message_bytes(50) == (28 + 4 + 32,)
    assert choco(compression="none").message_bytes(50) == (size_bytes(50),)


def test_rounding_is_drawn_anew_each_round_and_the_same_again() -> None:
    algorithm, models = choco(compression="quantised", bits=3), random(4, 50)
    state = algorithm.start(models)
    first, again, second = (algorithm.message(training(models, 0 * models, 0.1, each), state) for each in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_one_bit_is_refused() -> None:
    with pytest.raises(UserError, match=r"algorithm.bits = 1"):
        choco(compression="quantised", bits=1)
