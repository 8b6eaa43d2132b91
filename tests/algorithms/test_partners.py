"""SwarmSGD and AD-PSGD: two devices at a time."""

import pytest
import torch

from testbed.algorithms import create, find
from testbed.errors import UserError
from testbed.exchange import A_PARTNER, ONE_PAIR
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, RING, mix_over, solve, training

PART = {"decision": slice(0, 50)}
PAIRS = torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.bool)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("pairing", ["matching", "one_pair"])
def test_swarm_does_not_reach_the_optimum_but_comes_near(pairing: str) -> None:
    distance = (solve(400, name="swarm", pairing=pairing) - 0.7).abs()
    assert 0.02 < distance.max() < 1


def test_partners_take_the_mean_of_their_stepped_models_and_the_others_step() -> None:
    swarm = create(Settings(name="swarm"), PART, 4, 1)
    done = training(random(4, 50), 0.1 * random(4, 50), 0.1)
    mixed, _ = swarm.mix(done, swarm.message(done, {}), swarm.weights(RING, PAIRS, 0), {})
    torch.testing.assert_close(mixed[:2], done.trained[:2].mean(0).expand(2, 50), rtol=0, atol=1e-15)
    assert torch.equal(mixed[2:], done.trained[2:])


def test_of_one_pair_only_those_change_that_hear_their_partner() -> None:
    swarm = create(Settings(name="swarm", pairing="one_pair"), PART, 4, 1)
    done = training(random(4, 50), 0.1 * random(4, 50), 0.1)
    for heard, changed in ((PAIRS, [0, 1]), (torch.triu(PAIRS), [0]), (torch.zeros_like(PAIRS), [])):
        mixed, _ = swarm.mix(done, swarm.message(done, {}), swarm.weights(RING, heard, 0), {})
        torch.testing.assert_close(mixed[changed], done.trained[:2].mean(0).expand(len(changed), 50))
        others = [device for device in range(4) if device not in changed]
        assert torch.equal(mixed[others], done.models[others])


def test_the_audience_is_the_pairing() -> None:
    assert create(Settings(name="swarm"), PART, 4, 1).audience == A_PARTNER
    assert create(Settings(name="swarm", pairing="one_pair"), PART, 4, 1).audience == ONE_PAIR


def test_swarm_leaves_the_mean() -> None:
    swarm, models = create(Settings(name="swarm"), PART, 4, 1), random(4, 50)
    for round_ in range(10):
        mixed, _ = mix_over(swarm, training(models, torch.zeros_like(models), 0.1), PATH, {}, round_)
        assert not torch.equal(mixed, models)
        torch.testing.assert_close(mixed.mean(0), models.mean(0), rtol=0, atol=1e-12)


def test_a_lattice_costs_half_a_spacing_at_most() -> None:
    plain, coded = (
        create(Settings(name="swarm", quantiser=quantiser, bits=8, spacing=0.1), PART, 4, 1)
        for quantiser in ("none", "lattice")
    )
    done = training(random(4, 50), 0.1 * random(4, 50), 0.1)
    expected, _ = mix_over(plain, done, RING, {})
    mixed, _ = mix_over(coded, done, RING, {})
    codes, weights = coded.message(done, {}), torch.full((4, 4), 0.25, dtype=torch.float64)
    coded.mix(done, codes, weights, {})
    assert (weights == 0.25).all()
    assert torch.equal(codes, codes.round())
    assert codes.min() >= 0
    assert codes.max() < 256
    assert 0 < (mixed - expected).abs().max() <= 0.1 / 4 + 1e-9
    assert (plain.message_bytes(50), coded.message_bytes(50)) == ((228,), (28 + 4 + 50,))


def test_who_meets_nobody_keeps_what_it_trained_exactly() -> None:
    coded = create(Settings(name="swarm", quantiser="lattice"), PART, 4, 1)
    done = training(random(4, 50), 0.1 * random(4, 50), 0.1)
    nobody = torch.zeros(4, 4, dtype=torch.bool)
    mixed, _ = coded.mix(done, coded.message(done, {}), coded.weights(RING, nobody, 0), {})
    assert torch.equal(mixed, done.trained)


def test_one_pair_is_nothing_for_async() -> None:
    tree = {
        "run": {"mode": "async", "period_s": 1.0},
        "network": {"kind": "graph"},
        "algorithm": {"name": "swarm", "pairing": "one_pair"},
    }
    with pytest.raises(UserError, match=r"one_pair.*meet in pairs anyway"):
        parse(tree)


def test_ad_psgd_is_for_async_alone_and_steps_then_averages() -> None:
    assert find("adpsgd").modes == ("async",)
    algorithm = create(Settings(name="adpsgd"), PART, 2, 1)
    done = training(random(2, 50), 0.1 * random(2, 50), 0.1)
    stepped, _ = algorithm.mix(done, algorithm.message(done, {}), torch.eye(2), {})
    assert torch.equal(stepped, done.trained)
    met = training(stepped, torch.zeros_like(stepped), 0.1)
    averaged, _ = algorithm.mix(met, algorithm.message(met, {}), torch.full((2, 2), 0.5), {})
    torch.testing.assert_close(averaged, done.trained.mean(0).expand(2, 50), rtol=0, atol=1e-15)
