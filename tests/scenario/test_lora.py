"""Settings of `[lora]` that make no sense together."""

import pytest
from pydantic import ValidationError

from testbed.scenario.lora import Lora


def test_every_key_is_described() -> None:
    assert all(info.description for info in Lora.model_fields.values())


def test_the_defaults_fit_every_policy() -> None:
    assert Lora(policy="sa_fedlora").heat_rounds == 10


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rank": 2, "rank_min": 3}, r"rank_min = 3 should be at most lora\.rank, which is 2"),
        ({"rank": [5, 2, 4], "rank_min": 3}, r"rank_min = 3 should be at most lora\.rank, which is 2"),
        ({"rank": []}, r"rank = \[\] should be a rank"),
        ({"metrics": []}, r"metrics = \[\] should be one or more"),
        ({"metrics": ["labels", "labels"]}, "each once"),
        ({"policy": "sa_fedlora", "heat_rounds": 60}, "should ascend"),
        ({"policy": "sa_fedlora", "heat_rounds": 50}, "the last two not equal"),
        ({"policy": "sa_fedlora", "init_rounds": 11}, "should ascend"),
        ({"gamma": 1.0}, "less than 1"),
        ({"prune": 0}, "greater than 0"),
        ({"threshold": -1.0}, "greater than or equal to 0"),
        ({"annealing": "linear"}, "'cubic', 'geometric', 'cosine' or 'metropolis'"),
    ],
)
def test_what_makes_no_sense_is_said(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Lora.model_validate(settings)


def test_init_rounds_of_another_policy_are_its_own() -> None:
    assert Lora(policy="sora", init_rounds=11).init_rounds == 11
