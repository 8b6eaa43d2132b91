"""Codes: their bytes, and that what runs compute is what the bytes say."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from testbed.algorithms.common.compression import Lattice, Quantised, TopK
from testbed.algorithms.common.message import Kind, Message, decode, encode

VALUES = st.integers(1, 300)
BITS = st.integers(1, 16)
SEED = st.integers(0, 1000)


def vectors(values: int, seed: int) -> Tensor:
    return torch.randn(3, values, generator=torch.Generator().manual_seed(seed))


@given(VALUES, st.floats(0.001, 1), SEED)
def test_top_k_as_bytes_and_as_tensors(values: int, keep: float, seed: int) -> None:
    code, several = TopK(keep), vectors(values, seed)
    for vector, held in zip(several, code.held(several), strict=True):
        data = code.encode(vector.numpy())
        assert len(data) == code.size_bytes(values)
        np.testing.assert_array_equal(code.decode(data, values), held.numpy())
        assert (held != 0).sum() == max(1, round(keep * values))
        assert vector[held == 0].abs().max() <= held[held != 0].abs().min() if (held == 0).any() else True


@given(VALUES, st.integers(2, 16), SEED)
def test_quantised_as_bytes_and_as_tensors(values: int, bits: int, seed: int) -> None:
    code, several = Quantised(bits), vectors(values, seed)
    random = torch.rand(3, values, generator=torch.Generator().manual_seed(seed))
    several[1] = 0
    for vector, draws, held in zip(several, random, code.held(several, random), strict=True):
        data = code.encode(vector.numpy(), draws.numpy())
        assert len(data) == code.size_bytes(values)
        np.testing.assert_allclose(code.decode(data, values), held.numpy(), rtol=1e-6)


@given(VALUES, BITS, SEED)
def test_lattice_as_bytes_and_as_tensors(values: int, bits: int, seed: int) -> None:
    code, several, references = Lattice(bits, 0.01), vectors(values, seed), vectors(values, seed + 1)
    found = code.near(code.codes(several), references)
    for vector, reference, decoded in zip(several, references, found, strict=True):
        data = code.encode(vector.numpy())
        assert len(data) == code.size_bytes(values)
        np.testing.assert_array_equal(code.decode(data, reference.numpy()), decoded.numpy())


@given(BITS, SEED)
def test_a_lattice_finds_what_is_near(bits: int, seed: int) -> None:
    code, several = Lattice(bits, 0.01), vectors(50, seed)
    reach = (2**bits - 1) * 0.01 / 2 - 1e-4
    away = reach * (2 * torch.rand(3, 50, generator=torch.Generator().manual_seed(seed)) - 1)
    assert (code.near(code.codes(several), several + away) - several).abs().max() <= 0.005 + 1e-5


def test_a_lattice_errs_by_whole_periods_beyond() -> None:
    code = Lattice(4, 0.25)
    assert code.near(code.codes(torch.tensor([[1.0]])), torch.tensor([[4.0]])).item() == 5.0


def test_quantising_is_right_on_average_and_shrinks_the_error() -> None:
    code, vector = Quantised(4), vectors(40, 1)[:1]
    random = torch.rand(4000, 40, generator=torch.Generator().manual_seed(1))
    held = code.held(vector.expand(4000, -1), random)
    shrunk = 1 + min(40 / 7**2, 40**0.5 / 7)
    torch.testing.assert_close(held.mean(0) * shrunk, vector[0], rtol=0, atol=0.05)
    assert (held - vector).square().sum(1).mean() < (1 - 1 / shrunk) * vector.square().sum()


@pytest.mark.parametrize(
    ("code", "size"),
    [
        (TopK(0.1), 982 + 4 * 785),  # a bit for each of 7850 values is less than 785 numbers of 13 bits
        (TopK(0.01), 127 + 4 * 78),  # 78 numbers of 13 bits
        (TopK(1.0), 982 + 4 * 7850),
        (Quantised(8), 4 + 7850),
        (Quantised(3), 4 + 2944),
        (Lattice(8, 1e-3), 4 + 7850),
        (Lattice(10, 1e-3), 4 + 9813),
    ],
)
def test_sizes_for_logistic_regression_on_mnist(code: TopK | Quantised | Lattice, size: int) -> None:
    assert code.size_bytes(7850) == size


def test_a_code_travels_in_a_message() -> None:
    vector = vectors(20, 1)[0].numpy()
    data = encode(Message(1, 2, 3, np.frombuffer(TopK(0.2).encode(vector), np.uint8), Kind.TOP_K))
    message = decode(data)
    assert len(data) == 28 + TopK(0.2).size_bytes(20)
    assert message.kind is Kind.TOP_K
    assert np.count_nonzero(TopK(0.2).decode(message.values.tobytes(), 20)) == 4
