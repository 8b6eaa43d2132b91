"""AutoRank's flood, bytes and ranks."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from testbed.lora.complexity import complexity
from testbed.lora.decision import critic, ranks, topsis
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Policy, Seen
from testbed.session.barrier import of_those
from tests.lora.cases import LAYOUT, build, rounds, started

LINE = torch.tensor([[0, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1], [0, 0, 0, 1, 0]]).bool()
COUNTS = torch.tensor([[8, 0, 0, 0], [5, 3, 0, 0], [4, 3, 1, 0], [3, 2, 2, 1], [2, 2, 2, 2]])
NONE = torch.zeros(5)


def _policy(flood: int = 4, **settings: Any) -> Policy:
    return build("autorank", facts=Facts(COUNTS), flood_rounds=flood, **settings)


def _run(
    policy: Policy, heard: list[Tensor], away: dict[int, tuple[int, ...]] | None = None
) -> tuple[Tensor, list[State]]:
    """Models at the end, and the states at the end of each round, as many as `heard`; devices that are `away` in a
    round send and hear nothing, and keep what they had."""
    state = policy.start()
    models, states = started(policy, state), []
    losses = [torch.linspace(0, spread, 40) for spread in (0.1, 0.5, 1.0, 1.5, 2.0)]
    for round_, links in enumerate(heard):
        here = np.array([device not in (away or {}).get(round_, ()) for device in range(5)])
        links = links & torch.from_numpy(here & here[:, None])
        seen = Seen(NONE, links, NONE, models, torch.zeros_like(models), losses if round_ == 0 else ())
        models, state = of_those(here, policy.after(models, state, round_, seen), (models, state))
        states.append(state)
    return models, states


def test_what_is_known_goes_a_hop_a_round() -> None:
    distance = (torch.arange(5)[:, None] - torch.arange(5)).abs()
    _, states = _run(_policy(), [LINE] * 5)
    for round_, state in enumerate(states):
        assert torch.equal(state["known"], distance <= round_)


def test_only_what_a_sender_knew_travels() -> None:
    """1 hears 0 before, and 2 hears 1 after: 2 learns of 0; the other way round it does not."""
    first, second = torch.zeros(5, 5).bool(), torch.zeros(5, 5).bool()
    first[1, 0] = second[2, 1] = True
    assert _run(_policy(), [LINE, first, second])[1][-1]["known"][2].tolist() == [True, True, True, False, False]
    assert _run(_policy(), [LINE, second, first])[1][-1]["known"][2].tolist() == [False, True, True, False, False]


def test_messages_carry_what_is_known_while_the_flood_lasts() -> None:
    policy = _policy(3)
    _, states = _run(policy, [LINE] * 5)
    assert not policy.extra_bytes(policy.start()).any()
    entries = [[1, 1, 1, 1, 1], [2, 3, 3, 3, 2], [3, 4, 5, 4, 3], [0] * 5, [0] * 5]
    assert [policy.extra_bytes(state).tolist() for state in states] == [[20 * each for each in row] for row in entries]
    short = _policy(3, metrics=("labels",))
    assert short.extra_bytes(_run(short, [LINE])[1][0]).tolist() == [8] * 5


def test_all_choose_as_the_formulas_say() -> None:
    policy = _policy()
    models, states = _run(policy, [LINE] * 5)
    x = states[0]["metrics"]
    expected = ranks(topsis(x, critic(x)), 1, torch.full((5,), 4))
    assert expected[0] == 1
    assert expected[4] == 4
    assert (expected.diff() >= 0).all()
    found = LAYOUT.ranks(states[-1]["live"])
    assert torch.equal(found, expected[:, None].minimum(torch.tensor([4, 3, 4])))
    assert torch.equal(models, started(policy, states[-1]))
    assert not any((LAYOUT.ranks(state["live"]) > 1).any() for state in states[:-1])


def test_metrics_are_those_of_losses_and_labels() -> None:
    policy = _policy(metrics=("difficulty", "labels"))
    losses = [torch.linspace(0, spread, 40) for spread in (0.1, 0.5, 1.0, 1.5, 2.0)]
    assert torch.equal(_run(policy, [LINE])[1][0]["metrics"], complexity(("difficulty", "labels"), COUNTS, losses))


def test_who_has_missed_some_does_with_what_it_has() -> None:
    """4 is cut off, and takes the middle; the others choose among themselves."""
    cut = LINE.clone()
    cut[4] = False
    cut[:, 4] = False
    _, states = _run(_policy(), [cut] * 5)
    found = LAYOUT.ranks(states[-1]["live"])[:, 0]
    x = states[0]["metrics"][:4]
    assert found[:4].tolist() == ranks(topsis(x, critic(x)), 1, torch.full((4,), 4)).tolist()
    assert found[4] == 3


def test_devices_alike_take_the_middle() -> None:
    policy = build("autorank", facts=Facts(COUNTS[:1].repeat(5, 1)))
    state = policy.start()
    models = started(policy, state)
    for round_ in range(3):
        samples = [torch.ones(4)] * 5 if round_ == 0 else []
        seen = Seen(NONE, LINE, NONE, models, torch.zeros_like(models), samples)
        models, state = policy.after(models, state, round_, seen)
    assert LAYOUT.ranks(state["live"]).tolist() == [[3, 3, 3]] * 5


def test_ranks_are_chosen_once() -> None:
    chosen = [each.state["live"] for each in rounds(build("autorank"), 7)]
    assert all(torch.equal(live, chosen[2]) for live in chosen[2:])
    assert not torch.equal(chosen[1], chosen[2])


@pytest.mark.parametrize("least", [1, 2, 4])
def test_a_list_bounds_each_device(least: int) -> None:
    policy = _policy(rank=(4, 4, 4, 4, 4), rank_min=least)
    _, states = _run(policy, [LINE] * 5)
    assert LAYOUT.ranks(states[-1]["live"])[4].tolist() == [4, 3, 4]
    assert LAYOUT.ranks(states[-1]["live"])[0, 0] == least


def _ranks(state: State) -> list[int]:
    return LAYOUT.ranks(state["live"])[:, 0].tolist()


ALL = ~torch.eye(5, dtype=torch.bool)


@pytest.mark.parametrize("device", range(5))
def test_who_was_away_at_first_takes_the_middle_and_the_others_choose_without_it(device: int) -> None:
    """With everybody else in reach, and with nobody."""
    others = [each for each in range(5) if each != device]
    for links in (ALL, LINE & False):
        policy = _policy(2)
        _, states = _run(policy, [links] * 4, {0: (device,)})
        x = states[0]["metrics"][others] if links.any() else states[0]["metrics"][others[:1]]
        chosen = ranks(topsis(x, critic(x)), 1, torch.full((len(x),), 4)).expand(4)
        assert [_ranks(states[-1])[each] for each in others] == chosen.tolist()
        assert _ranks(states[-1])[device] == 3
        assert not states[-1]["known"][:, device].any()


def test_who_was_away_at_first_passes_on_what_it_hears() -> None:
    """2 stands between, and the others' metrics go through it, at their bytes."""
    policy = _policy(4)
    _, states = _run(policy, [LINE] * 5, {0: (2,)})
    assert states[3]["known"][0].tolist() == [True, True, False, True, False]
    assert policy.extra_bytes(states[1]).tolist() == [20 * each for each in (2, 2, 2, 2, 2)]
    assert policy.extra_bytes(states[0]).tolist() == [20, 20, 0, 20, 20]


def test_who_was_away_when_the_others_chose_chooses_later_and_alone() -> None:
    """What it lacks it can no longer hear: they have chosen, and send nothing of it."""
    policy = _policy(2)
    _, states = _run(policy, [ALL] * 6, {1: (4,), 2: (4,), 3: (4,)})
    assert [_ranks(state)[4] for state in states] == [1, 1, 1, 1, 3, 3]
    assert states[-1]["known"][4].tolist() == [False] * 4 + [True]
    assert [policy.extra_bytes(state)[4] for state in states] == [20] * 4 + [0, 0]
    assert all(_ranks(state)[:4] == _ranks(states[2])[:4] for state in states[2:])


def test_who_has_chosen_does_not_choose_again() -> None:
    """0 comes late, with metrics that would raise the rank of 1; all hear of it, and keep their ranks."""
    _, states = _run(_policy(1), [ALL] * 5, {1: (0,), 2: (0,)})
    assert states[-1]["known"][1:, 0].all()
    x = states[0]["metrics"]
    assert ranks(topsis(x, critic(x)), 1, torch.full((5,), 4))[1] > _ranks(states[1])[1]
    assert all(_ranks(state)[1:] == _ranks(states[1])[1:] for state in states[1:])


def test_nothing_is_known_that_no_message_carried() -> None:
    """3 and 4 are late and hear of those who have chosen no more, but of each other."""
    policy = _policy(1)
    apart = ALL.clone()
    apart[3:] = apart[:, 3:] = False
    _, states = _run(policy, [apart, apart, ALL], {1: (3, 4)})
    assert states[1]["chosen"].tolist() == [True] * 3 + [False] * 2
    assert policy.extra_bytes(states[1]).tolist() == [0, 0, 0, 20, 20]
    assert states[2]["known"][3:].tolist() == [[False] * 3 + [True] * 2] * 2
