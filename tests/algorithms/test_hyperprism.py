import io

import pytest
import torch
from torch import Tensor

from testbed.aggregation import metropolis, power_mean
from testbed.algorithms import Algorithm, State, create
from testbed.algorithms.common import hypernetwork
from testbed.errors import UserError
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import solve, training

PARTS = {"representation": slice(0, 30), "decision": slice(30, 100)}
DEVICES, LR = 8, 0.1
ODD = torch.arange(1.0, 16.0, 2.0)


def algorithm(seed: int = 1, parts: dict[str, slice] = PARTS, **settings: object) -> Algorithm:
    return create(Settings(name="hyperprism", **{"lr": LR, **settings}), parts, DEVICES, seed)  # type: ignore[arg-type]


def train(subject: Algorithm, rounds: int) -> tuple[Tensor, State, list[Tensor]]:
    """Quadratics with an optimum per device, over a new random graph every round."""
    random = torch.Generator().manual_seed(5)
    optima = torch.randn(DEVICES, 100, generator=random)
    models = 0.05 * torch.randn(100, generator=random).repeat(DEVICES, 1)
    state, seen = subject.start(models), []
    for _ in range(rounds):
        links = torch.rand(DEVICES, DEVICES, generator=random) < 0.4
        links |= links.T.clone()
        updates = LR * 0.1 * (models - optima)
        weights = metropolis(links, links)
        done = training(models, updates, LR)
        models, state = subject.mix(done, subject.message(done, state), weights, state)
        seen.append(state["p"])
    return models, state, seen


@pytest.mark.parametrize("variant", ["mirror", "primal"])
def test_p_moves_and_stays_in_range(variant: str) -> None:
    models, _, seen = train(algorithm(variant=variant), 40)
    p = torch.stack(seen)
    assert models.isfinite().all()
    assert ((p >= 1) & (p <= 15)).all()
    assert ((p[-1] - p[0]).abs() > 1e-5).all()
    assert len(p[-1].unique()) == p[-1].numel()


@pytest.mark.parametrize("variant", ["mirror", "primal"])
def test_a_hard_choice_is_an_odd_integer(variant: str) -> None:
    models, _, seen = train(algorithm(variant=variant, choice="hard"), 40)
    p = torch.stack(seen)
    assert models.isfinite().all()
    assert (p % 2 == 1).all()
    assert ((p >= 1) & (p <= 15)).all()


@pytest.mark.parametrize("start", [1, 1.5, 3, 7, 14, 15])
def test_the_networks_start_near_the_wanted_p(start: float) -> None:
    subject = algorithm(p=start)
    state = subject.start(torch.zeros(DEVICES, 100))
    torch.testing.assert_close(state["p"], torch.full((DEVICES, 2), float(start)), rtol=0, atol=0.2)


def test_a_start_beyond_the_candidates_is_refused() -> None:
    with pytest.raises(UserError, match="between 1 and 15"):
        algorithm(p=17)


def test_networks_are_the_devices_own_and_follow_from_the_seed() -> None:
    start = torch.zeros(DEVICES, 100)
    one, same, other = (algorithm(seed).start(start) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["v"], other["v"])
    assert len(one["v"].unique(dim=0)) == DEVICES
    fewer = create(Settings(name="hyperprism"), PARTS, 3, 1).start(start[:3])
    assert torch.equal(fewer["w0"], one["w0"][:3])


def test_the_report_names_the_parts_of_the_model() -> None:
    subject = algorithm()
    report = subject.report(subject.start(torch.zeros(DEVICES, 100)))
    assert list(report) == ["p_representation", "p_decision"]
    linear = algorithm(parts={"decision": slice(0, 100)})
    assert list(linear.report(linear.start(torch.zeros(DEVICES, 100)))) == ["p_decision"]


def test_each_part_is_mixed_with_its_own_p() -> None:
    subject = algorithm(variant="mirror", lr=0.01)
    models = torch.randn(DEVICES, 100, generator=torch.Generator().manual_seed(1))
    updates, weights = 0.1 * models, metropolis(torch.ones(DEVICES, DEVICES), torch.ones(DEVICES, DEVICES))
    mixed, state = subject.mix(training(models, updates, 0.01), models, weights, subject.start(models))
    for index, columns in enumerate(PARTS.values()):
        p = state["p"][:, index, None]
        expected = power_mean(models[:, columns], weights, p, updates[:, columns])
        assert torch.equal(mixed[:, columns], expected)


def test_the_networks_descend_the_loss() -> None:
    """One step with df/dp > 0 lowers p, one with df/dp < 0 raises it, and both in proportion to lr."""
    networks, signal = hypernetwork.create(DEVICES, 2, 5, ODD, 1), torch.zeros(DEVICES, 2)
    before = hypernetwork.expected(networks, signal, ODD)
    for sign in (1.0, -1.0):
        steps = []
        for lr in (1e-3, 2e-3):
            after = hypernetwork.descend(
                networks, signal, ODD, torch.full((DEVICES, 2), sign), torch.full((DEVICES, 1), lr)
            )
            steps.append(hypernetwork.expected(after, signal, ODD) - before)
        assert (steps[0] * sign < 0).all()
        torch.testing.assert_close(steps[1] / steps[0], torch.full((DEVICES, 2), 2.0), rtol=0.1, atol=0)


def test_a_round_learns_from_the_gradient_along_the_slope_of_the_last() -> None:
    subject = algorithm(lr=1e-3)
    models = torch.randn(DEVICES, 100, generator=torch.Generator().manual_seed(2))
    weights = metropolis(torch.ones(DEVICES, DEVICES), torch.ones(DEVICES, DEVICES))
    mixed, state = subject.mix(training(models, 0 * models, 1e-3), models, weights, subject.start(models))
    gradient = state["slopes"].sign()
    following = subject.mix(training(mixed, 1e-3 * gradient, 1e-3), mixed, weights, state)[1]
    expected = hypernetwork.descend(
        {name: state[name] for name in state if name not in ("p", "signal", "slopes")},
        state["signal"],
        ODD,
        torch.stack([(gradient * state["slopes"])[:, part].sum(1).clamp(-1, 1) for part in PARTS.values()], 1),
        torch.full((DEVICES, 1), 1e-3),
    )
    torch.testing.assert_close(following["bias"], expected["bias"])
    assert not torch.equal(following["bias"], state["bias"])


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), 0.0, 1e38])
def test_a_broken_gradient_leaves_p_a_number(broken: float) -> None:
    subject = algorithm()
    models, weights = torch.ones(DEVICES, 100), torch.eye(DEVICES, dtype=torch.float64)
    state = subject.start(models)
    for _ in range(3):
        _, state = subject.mix(training(models, torch.full_like(models, broken), LR), models, weights, state)
        assert ((state["p"] >= 1) & (state["p"] <= 15)).all()


def test_the_state_survives_a_checkpoint() -> None:
    _, state, _ = train(algorithm(), 3)
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    read = torch.load(file, weights_only=True)
    assert all(torch.equal(read[name], state[name]) for name in state)


@pytest.mark.parametrize(("variant", "linear"), [("mirror", "dpsgd"), ("primal", "atc")])
@pytest.mark.parametrize("choice", ["hard", "expected"])
def test_with_p_of_1_alone_to_choose_it_is_the_linear_method(variant: str, linear: str, choice: str) -> None:
    expected = solve(50, name=linear)
    assert torch.equal(solve(50, name="hyperprism", variant=variant, choice=choice, p=1, candidates=[1]), expected)


@pytest.mark.parametrize("candidates", [[], [3, 1], [1, 1], [1, 53], [0.5]])
def test_impossible_candidates_are_sentences(candidates: list[float]) -> None:
    with pytest.raises(UserError, match=r"algorithm\.candidates"):
        parse({"algorithm": {"candidates": candidates}})


def test_what_is_no_odd_power_is_said() -> None:
    assert "algorithm.candidates = 2 is no odd integer" in algorithm(candidates=[1, 2, 3], p=1, choice="hard").notes[0]
    assert not algorithm(choice="hard").notes
    assert "signed power" in algorithm().notes[0]
