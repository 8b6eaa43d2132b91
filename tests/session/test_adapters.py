"""What is said of adapters before the first round."""

import pytest

from testbed.algorithms.common.message import size_bytes
from testbed.scenario.algorithms import MERGES, POLICIES, names
from testbed.session.learner import Learner
from tests.lora.test_clients import scenario

SINKS = {"policy": "sa_fedlora", "rank": 4}


def test_the_description_says_what_is_trained_and_sent_against_the_full_model() -> None:
    told = Learner(scenario(lora={"rank": 4})).description
    full = 784 * 128 + 128 + 128 * 10 + 10
    trained = 4 * (784 + 128) + 128 * 10 + 10
    assert f"mlp with {full:,} parameters, frozen; {trained:,} are trained, adapters of rank 4 beside 1 layer" in told
    assert "beside 1 layer and layer 3 as a whole; " in told
    assert f"messages of {size_bytes(trained):,} bytes, of the full model {size_bytes(full):,}; " in told


def test_ranks_that_differ_and_several_layers() -> None:
    lora = {"policy": "given", "merge": "rbla", "rank": (4, 2, 3, 1, 4)}
    told = Learner(scenario(model={"name": "cnn"}, lora=lora)).description
    assert "adapters of ranks 1 to 4 beside 4 layers and layer 11 as a whole" in told


def test_where_nothing_is_sent_nothing_is_compared_and_a_whole_model_is_told_as_before() -> None:
    assert "of the full model" not in Learner(scenario(algorithm={"name": "local"})).description
    whole = scenario().model_copy(update={"lora": None})
    assert "; mlp with 101,770 parameters; messages of" in Learner(whole).description


@pytest.mark.parametrize("merge", [merge for merge in names(MERGES) if merge not in ("fedit", "ffa")])
def test_components_out_of_order_and_a_merge_by_number_are_warned_of(merge: str) -> None:
    """`fedit` and `ffa` refuse such a policy."""
    notes = Learner(scenario(lora={**SINKS, "merge": merge})).algorithm.notes
    assert any("component i is not the same" in note for note in notes) == (
        merge in ("rbla", "zero_padding", "replication", "hetlora", "hetlora_norms")
    )


def test_policies_that_keep_the_order_are_not_warned_of() -> None:
    assert {"sa_fedlora", "by_link"} <= set(names(POLICIES))
    for policy in ("given", "hetlora", "sora"):
        case = scenario(lora={"policy": policy, "merge": "rbla", **({"rank": (4,) * 5} if policy == "given" else {})})
        assert not Learner(case).algorithm.notes
    linked = scenario(lora={"policy": "by_link", "merge": "rbla", "message_s": 0.01})
    assert "Rank by link" in Learner(linked).algorithm.notes[0]
