"""Random matchings of a round's graph."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.exchange import A_PARTNER, ALL_NEIGHBOURS, ONE_PAIR, Outbox
from testbed.matching import ALONE, addressed, matching


def graph(devices: int, density: float, seed: int = 0) -> NDArray[np.bool_]:
    upper = np.triu(np.random.default_rng(seed).random((devices, devices)) < density, 1)
    return upper | upper.T


def one_by_one(links: NDArray[np.bool_], seed: int) -> list[int]:
    """SplitMix64 and the greedy rule in plain Python."""

    def mixed(state: int) -> int:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        return state ^ state >> 31

    partner = [ALONE] * len(links)
    pairs = [(i, j) for i in range(len(links)) for j in range(i + 1, len(links)) if links[i, j] and links[j, i]]
    for i, j in sorted(pairs, key=lambda pair: mixed((mixed((mixed(seed) + pair[0]) % 2**64) + pair[1]) % 2**64)):
        if partner[i] == partner[j] == ALONE:
            partner[i], partner[j] = j, i
    return partner


@pytest.mark.parametrize(("devices", "density"), [(2, 1.0), (7, 0.3), (20, 0.2), (20, 1.0), (33, 0.5)])
def test_a_matching_is_symmetric_maximal_and_along_links(devices: int, density: float) -> None:
    for seed in range(20):
        links = graph(devices, density, seed)
        partner = matching(links, seed)
        has = np.flatnonzero(partner != ALONE)
        assert (partner[partner[has]] == has).all()
        assert links[has, partner[has]].all()
        alone = np.flatnonzero(partner == ALONE)
        assert not links[np.ix_(alone, alone)].any()
        assert partner.tolist() == one_by_one(links, seed)


def test_the_numbers_stay_what_they_are() -> None:
    assert matching(graph(8, 1.1), 2**63 - 1).tolist() == one_by_one(graph(8, 1.1), 2**63 - 1)
    assert matching(graph(8, 1.1), 1).tolist() == [2, 6, 0, 5, 7, 3, 1, 4]


def test_every_link_is_as_likely_as_another() -> None:
    partners = np.array([matching(graph(4, 1.1), seed) for seed in range(1000)])
    shares = [(partners[:, 0] == other).mean() for other in (1, 2, 3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)
    first = np.array([matching(graph(4, 1.1), seed, 1) for seed in range(1000)])
    assert [(first[:, i] != ALONE).mean() for i in range(4)] == pytest.approx([1 / 2] * 4, abs=0.05)


def test_one_pair_is_the_first_of_all() -> None:
    links = graph(12, 0.6)
    for seed in range(10):
        one, all_ = matching(links, seed, 1), matching(links, seed)
        pair = np.flatnonzero(one != ALONE)
        assert len(pair) == 2
        assert (one[pair] == all_[pair]).all()


def test_graphs_without_a_link_both_ways_match_nobody() -> None:
    one_way = np.triu(np.ones((5, 5), bool), 1)
    for links in (np.zeros((0, 0), bool), np.zeros((1, 1), bool), np.zeros((4, 4), bool), one_way):
        assert (matching(links, 3) == ALONE).all()
        assert (matching(links, 3, 1) == ALONE).all()


def test_messages_are_addressed_to_partners_and_to_nobody_else() -> None:
    links = graph(5, 0.7)
    links[4] = links[:, 4] = False
    partner = matching(links, 9)

    def sent(dst: int) -> Any:
        box = addressed(Outbox(range(5), [dst] * 5, [10] * 5, [0] * 5), links, 9)
        return dict(zip(box.src.tolist(), box.dst.tolist(), strict=True))

    assert sent(A_PARTNER) == {i: j for i, j in enumerate(partner.tolist()) if j != ALONE}
    assert sent(ONE_PAIR) == {i: j for i, j in enumerate(matching(links, 9, 1).tolist()) if j != ALONE}
    assert sent(ALL_NEIGHBOURS) == dict.fromkeys(range(5), ALL_NEIGHBOURS)
    assert sent(2) == dict.fromkeys(range(5), 2)
