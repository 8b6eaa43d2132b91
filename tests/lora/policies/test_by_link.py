"""Ranks by the quality of links."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.lora.policy import Policy, Seen
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


def test_by_hand() -> None:
    """A rank takes s / 4 at first, so 1 s takes 4 / s ranks; then the mean with what was seen last."""
    policy = build("by_link", 5)
    assert _ranks(policy, [[0.5, 1.0, 1.1, 2.0, 9.0]]) == [[4, 4, 3, 2, 1]]
    assert _ranks(policy, [[2.0] * 5, [3.0] * 5]) == [[2] * 5, [1] * 5]  # (1/2 + 3/2) / 2 = 1
    assert _ranks(policy, [[2.0] * 5, [0.1] * 5]) == [[2] * 5, [3] * 5]  # (1/2 + 1/20) / 2 = 11/40


def test_who_reached_nobody_stays_as_it_is() -> None:
    nan = math.nan
    assert _ranks(build("by_link", 2), [[nan, 2.0], [nan, nan], [2.0, nan]]) == [[4, 2], [4, 2], [2, 2]]


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
