"""Every sample is dealt out once, every device gets one, and the same seed deals the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.learning.partition import class_table, double_imbalanced, held_out, partition
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


@given(LABELS, st.floats(1e-6, 1e6), st.integers(1, 12), st.integers(0, 5), st.data())
def test_double_imbalanced_devices_have_few_labels_and_all_samples_have_a_device(
    labels: NDArray[np.int64], beta: float, most: int, seed: int, data: st.DataObject
) -> None:
    kinds = len(np.unique(labels))
    devices = data.draw(st.integers(-(-kinds // most), max(len(labels), kinds)))
    if devices > len(labels):
        return
    settings = Data(partition="double-imbalanced", beta=beta, labels=most)
    dealt = partition(labels, devices, settings, seed)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(len(labels)))
    held = (class_table(labels, dealt, 10) > 0).sum(1)
    assert held.min() >= 1
    assert held.max() <= most
    again = partition(labels, devices, settings, seed)
    assert all((one == other).all() for one, other in zip(dealt, again, strict=True))


def test_double_imbalanced_devices_differ_in_sizes_and_labels() -> None:
    uneven, even = (table("double-imbalanced", labels=5, beta=beta) for beta in (0.3, 1e6))
    assert set((uneven > 0).sum(1)) == {1, 2, 3, 4, 5}
    owners = (uneven > 0).sum(0)
    assert owners.max() - owners.min() <= 1
    assert uneven.sum(1).max() > 20 * uneven.sum(1).min()
    sizes = even.sum(1)
    assert sizes.max() < 4 * sizes.min()  # labels of 1,000 samples and few owners do not divide evenly
    assert (table("double-imbalanced", seed=1) != table("double-imbalanced", seed=2)).any()


def test_sizes_follow_the_draw_where_labels_allow() -> None:
    """All devices own all labels: each size is its share of the draw, but for one sample a label."""
    labels = np.repeat(np.arange(10), 1000)
    draw = np.random.default_rng(4)
    draw.integers(10, 11, size=6)
    for _ in range(6):
        draw.permutation(10)
    shares = draw.dirichlet(np.full(6, 0.5))
    settled = double_imbalanced(labels, 6, 10, 0.5, Always(np.random.default_rng(4)))  # type: ignore[arg-type]
    assert np.abs(np.array([len(own) for own in settled]) / 10_000 - shares).max() < 0.01


class Always:
    """A generator whose whole numbers are the largest possible."""

    def __init__(self, draw: np.random.Generator) -> None:
        self._draw = draw

    def __getattr__(self, name: str) -> object:
        return getattr(self._draw, name)

    def integers(self, low: int, high: int, size: int) -> NDArray[np.int64]:
        return self._draw.integers(high - 1, high, size=size)


def test_too_few_labels_a_device_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"data.labels = 2 for 4 devices leaves some of the 10 labels.*at least 3"):
        partition(np.arange(10), 4, Data(partition="double-imbalanced", labels=2), 1)


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
