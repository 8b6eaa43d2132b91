"""Every sample is dealt out once, every device gets one, and the same seed deals the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.learning.partition import class_table, held_out, partition
from testbed.scenario.schema import Data

KINDS = st.sampled_from(["iid", "dirichlet", "shards"])
LABELS = st.lists(st.integers(0, 9), min_size=1, max_size=200).map(np.array)


@given(LABELS, KINDS, st.floats(1e-6, 1e6), st.integers(1, 4), st.data())
def test_every_sample_once_and_every_device_some(
    labels: NDArray[np.int64], kind: str, alpha: float, each: int, data: st.DataObject
) -> None:
    devices = data.draw(st.integers(1, max(1, len(labels) // each)))
    settings = Data.model_validate({"partition": kind, "alpha": alpha, "shards": min(each, len(labels) // devices)})
    dealt = partition(labels, devices, settings, seed=7)
    assert len(dealt) == devices
    assert min(len(own) for own in dealt) >= 1
    assert sorted(np.concatenate(dealt).tolist()) == list(range(len(labels)))
    again = partition(labels, devices, settings, seed=7)
    assert all((one == other).all() for one, other in zip(dealt, again, strict=True))
    table = class_table(labels, dealt, 10)
    assert table.shape == (devices, 10)
    assert (table.sum(0) == np.bincount(labels, minlength=10)).all()


def table(kind: str, seed: int = 1, **settings: float) -> NDArray[np.int64]:
    labels = np.repeat(np.arange(10), 1000)
    data = Data.model_validate({"partition": kind, **settings})
    return class_table(labels, partition(labels, 20, data, seed), 10)


def test_alpha_goes_from_one_class_to_iid() -> None:
    def share_of_main_class(alpha: float) -> float:
        counts = table("dirichlet", alpha=alpha)
        return float((counts.max(1) / counts.sum(1)).mean())

    assert share_of_main_class(0.01) > 0.8
    assert 0.4 < share_of_main_class(0.1) < 0.9
    assert share_of_main_class(1e4) < 0.12
    assert share_of_main_class(1e308) < 0.12
    assert share_of_main_class(1e-320) > 0.8


def test_shards_limit_the_classes_of_a_device() -> None:
    counts = table("shards", shards=2)
    assert (counts.sum(1) == 500).all()
    assert ((counts > 0).sum(1) <= 2).all()


def test_iid_is_even_and_seeds_differ() -> None:
    assert (table("iid").sum(1) == 500).all()
    assert (table("iid") > 20).all()
    assert (table("iid", seed=1) != table("iid", seed=2)).any()
    assert (table("dirichlet", seed=1) != table("dirichlet", seed=2)).any()


def test_impossible_asks_say_key_value_and_what_is_allowed() -> None:
    labels = np.arange(10)
    with pytest.raises(UserError, match=r"devices.count = 11 is more than the 10 training samples"):
        partition(labels, 11, Data(), 1)
    with pytest.raises(UserError, match=r"data.shards = 3 for 4 devices makes 12 shards.*at most 2"):
        partition(labels, 4, Data(partition="shards", shards=3), 1)


@given(st.integers(1, 200), st.data())
def test_what_is_held_out_is_never_dealt_out(samples: int, data: st.DataObject) -> None:
    validation = data.draw(st.integers(0, samples - 1))
    held, rest = held_out(samples, 1, Data(validation=validation), 3)
    assert (len(held), len(rest)) == (validation, samples - validation)
    assert sorted([*held, *rest]) == list(range(samples))
    assert (np.diff(held) > 0).all()
    assert (np.diff(rest) > 0).all()


def test_what_is_held_out_follows_from_the_seed_whoever_it_is_held_from() -> None:
    settings = Data(validation=50)
    first = held_out(200, 3, settings, 1)[0]
    assert (first == held_out(200, 90, Data(validation=50, partition="iid"), 1)[0]).all()
    assert (first != held_out(200, 3, settings, 2)[0]).any()


@pytest.mark.parametrize("validation", [8, 10, 11])
def test_holding_out_too_many_is_a_sentence(validation: int) -> None:
    with pytest.raises(UserError, match=f"data.validation = {validation} of the 10 .* for each of 3.* at most 7"):
        held_out(10, 3, Data(validation=validation), 1)
    assert len(held_out(10, 3, Data(validation=7), 1)[1]) == 3
