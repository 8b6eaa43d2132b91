"""Ranks by the quality of links."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.lora.policy import Policy, Seen
from testbed.lora.wire import Code
from tests.lora.cases import LAYOUT, build, started

SECONDS = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=6)


def _ranks(policy: Policy, seconds: list[list[float]]) -> list[list[int]]:
    """For each round, after messages of all devices that took so long."""
    state = policy.start()
    models, ranks = started(policy, state), []
    for round_, own in enumerate(seconds):
        heard, none = torch.zeros(len(own), len(own), dtype=torch.bool), torch.zeros(len(own))
        seen = Seen(none, heard, torch.tensor(own), models, torch.zeros_like(models))
        models, state = policy.after(models, state, round_, seen)
        assert torch.equal(LAYOUT.ranks(state["live"]), state["rank"][:, None].minimum(torch.tensor([4, 3, 4])))
        ranks.append(state["rank"].tolist())
    return ranks


def _seconds(rank: int, seconds_of_largest: float) -> float:
    """Of a message of that rank over links on which one of rank 4 takes so long."""
    masks = LAYOUT.nested(torch.tensor([[rank] * 3, [4] * 3]))
    own, largest = Code(LAYOUT).size_bytes(masks, masks).tolist()
    return float(own / largest * seconds_of_largest)


def test_by_hand() -> None:
    """Messages of ranks 1 to 4 are of 734, 1,410, 2,086 and 2,438 bytes here; 1 s takes 2,438 / s bytes."""
    policy = build("by_link", 5)
    assert _ranks(policy, [[0.5, 1.0, 1.1, 1.7, 9.0]]) == [[4, 4, 3, 2, 1]]
    two = _seconds(2, 1.0)
    assert _ranks(policy, [[1.7] * 5, [two * 1.9] * 5]) == [[2] * 5, [1] * 5]  # (1.7 + 1.9) / 2 = 1.8 > 2438 / 1410
    assert _ranks(policy, [[1.7] * 5, [two * 0.5] * 5]) == [[2] * 5, [3] * 5]  # (1.7 + .5) / 2 = 1.1 <= 2438 / 2086


def test_after_one_slow_round_ranks_come_back() -> None:
    """Links on which a message of rank 4 takes .99 of the target, and once ten times that."""
    policy = build("by_link", 1)
    state, found = policy.start(), []
    model, nobody = started(policy, state), torch.zeros(1, 1, dtype=torch.bool)
    for round_ in range(12):
        rank = int(state["rank"])
        seconds = torch.tensor([_seconds(rank, 9.9 if round_ == 1 else 0.99)])
        seen = Seen(torch.zeros(1), nobody, seconds, model, torch.zeros_like(model))
        model, state = policy.after(model, state, round_, seen)
        found.append(int(state["rank"]))
    assert found[:2] == [4, 1]
    assert found[1:] == sorted(found[1:])
    assert found[-1] == 4


def test_who_reached_nobody_stays_as_it_is() -> None:
    nan = math.nan
    assert _ranks(build("by_link", 2), [[nan, 1.7], [nan, nan], [1.7, nan]]) == [[4, 2], [4, 2], [2, 2]]


def test_never_beyond_the_bounds() -> None:
    policy = build("by_link", 3, rank=(4, 3, 2), rank_min=2)
    assert _ranks(policy, [[0.0, 0.0, 0.0], [math.inf] * 3]) == [[4, 3, 2], [2, 2, 2]]


@settings(max_examples=30)
@given(SECONDS, st.floats(0.01, 10))
def test_a_longer_time_never_gives_a_higher_rank(seconds: list[float], target: float) -> None:
    (found,) = _ranks(build("by_link", len(seconds), message_s=target), [seconds])
    of = sorted(zip(seconds, found, strict=True))
    assert all(one[1] >= other[1] for one, other in pairwise(of))


def test_it_needs_a_target() -> None:
    with pytest.raises(UserError, match=r"needs lora\.message_s"):
        build("by_link", message_s=None)
