"""Data sets in all their layouts, whole and damaged."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from testbed.errors import UserError
from testbed.learning.data import SETS, catalogue, load, shape_of
from testbed.learning.data.formats import IDX
from tests.learning import files


def states() -> dict[str, str]:
    return {entry.name: entry.state for entry in catalogue()}


def test_the_embedded_set_is_balanced_and_normalised() -> None:
    data = load("mnist5k", pixels="standard")
    assert data.train_x.shape == (4000, 1, 28, 28)
    assert data.test_x.shape == (1000, 1, 28, 28)
    assert data.train_x.dtype == torch.float32
    assert data.train_y.bincount().tolist() == [400] * 10
    assert data.test_y[:50].bincount().tolist() == [5] * 10
    assert abs(data.train_x.mean().item()) < 0.01
    assert abs(data.train_x.std().item() - 1) < 0.01


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inside", [".", "MNIST/raw", "mnist"])
def test_idx_files_are_found_where_people_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str, packed: bool
) -> None:
    contents = files.grey(monkeypatch)
    files.write_idx(tmp_path / "own" / inside, contents, packed=packed)
    data = load("mnist", tmp_path / "own")
    assert data.train_x.shape == (25, 1, 28, 28)
    assert data.train_x[0, 0, 0, 0].item() == pytest.approx(contents[0][16] / 255, abs=1e-6)
    assert data.test_y.tolist() == list(range(10))


def test_pixels_are_left_in_the_unit_or_standardised() -> None:
    unit, standard = load("mnist5k"), load("mnist5k", pixels="standard")
    assert unit.test_x.min() == 0
    assert unit.test_x.max() == 1
    assert ((unit.test_x - 0.1307) / 0.3081 - standard.test_x).abs().max() < 1e-6


def test_the_users_folder_comes_first_then_the_cache_then_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = files.grey(monkeypatch, "fashion-mnist")
    assert states()["fashion-mnist"] == "missing: testbed data fetch fashion-mnist"
    for place, word in (("system", "found"), ("cache", "cached")):
        files.write_idx(tmp_path / place / "fashion-mnist", contents)
        assert states()["fashion-mnist"] == f"{word} at {tmp_path / place / 'fashion-mnist'}"
    files.write_idx(tmp_path / "own" / "FashionMNIST" / "raw", contents)
    monkeypatch.setenv("TESTBED_DATA", str(tmp_path / "own"))
    assert states()["fashion-mnist"] == f"found at {tmp_path / 'own' / 'FashionMNIST' / 'raw'}"
    assert len(load("fashion-mnist").train_y) == 25


@pytest.mark.parametrize("layout", ["binary", "pickles", "pickles 5", "parquet", "parquet, image"])
def test_cifar10_is_the_same_in_every_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    files.shrink(monkeypatch, "cifar10")
    writers = {
        "binary": lambda: files.write_binary(tmp_path / "own" / "cifar-10-batches-bin"),
        "pickles": lambda: files.write_pickles(tmp_path / "own" / "cifar-10-batches-py", 3),
        "pickles 5": lambda: files.write_pickles(tmp_path / "own" / "cifar-10-batches-py", 5),
        "parquet": lambda: files.write_parquet(tmp_path / "own"),
        "parquet, image": lambda: files.write_parquet(tmp_path / "own" / "plain_text", "image"),
    }
    writers[layout]()
    data = load("cifar10", tmp_path / "own", "standard")
    images, labels = files.colour()
    facts = SETS["cifar10"]
    expected = (images / 255 - np.array(facts.mean)) / np.array(facts.std)
    found = torch.cat([data.train_x, data.test_x]).permute(0, 2, 3, 1)
    assert np.abs(found.numpy() - expected).max() < 1e-6
    assert torch.cat([data.train_y, data.test_y]).tolist() == labels.tolist()
    assert data.train_x.is_contiguous(memory_format=torch.channels_last)


def test_python_2_pickles_are_read(tmp_path: Path) -> None:
    """CIFAR-10's own were written by Python 2: its strings, and numpy's old module names."""
    from testbed.learning.data.formats import read_cifar_pickles

    for name, planes, labels in files.batches():
        modern = pickle.dumps({b"data": planes, b"labels": labels.tolist()}, 3)
        old = modern.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
        assert old != modern
        (tmp_path / name).write_bytes(old)
    assert (read_cifar_pickles(tmp_path).train_y == files.colour()[1][:25]).all()


def test_decoded_parquet_is_cached_and_a_damaged_cache_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.shrink(monkeypatch, "cifar10")
    files.write_parquet(tmp_path / "own")
    first = load("cifar10", tmp_path / "own")
    (saved,) = (tmp_path / "cache" / "decoded").iterdir()
    with monkeypatch.context() as no_decoding:
        no_decoding.delattr(Image, "open")
        assert torch.equal(load("cifar10", tmp_path / "own").train_x, first.train_x)
    saved.write_bytes(saved.read_bytes()[:-100])
    assert torch.equal(load("cifar10", tmp_path / "own").train_x, first.train_x)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (eval, (f"open({str(tmp_path / 'harm')!r}, 'w')",))

    files.shrink(monkeypatch, "cifar10")
    files.write_pickles(tmp_path / "cifar-10-batches-py", 3)
    bad = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    bad.write_bytes(pickle.dumps({b"data": Harm(), b"labels": []}))
    with pytest.raises(UserError, match=r"data_batch_2 asks for builtins\.eval.*refused"):
        load("cifar10", tmp_path)
    assert not (tmp_path / "harm").exists()


def test_damaged_idx_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = files.grey(monkeypatch)
    for damage, words in (
        (contents[0][:-1], "holds 19599 bytes of data where its header says 19600"),
        (contents[0][:3], "header is cut short"),
        (b"", "header is cut short"),
        (b"<html>not found</html>", "is not an IDX file"),
        (contents[0][:-1] + bytes([contents[0][-1] ^ 1]), "has another SHA-256"),
    ):
        files.write_idx(tmp_path, [damage, *contents[1:]])
        with pytest.raises(UserError, match=words) as caught:
            load("mnist", tmp_path)
        assert str(tmp_path / IDX[0]) in str(caught.value)


def test_damaged_gz_and_missing_companions_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = files.grey(monkeypatch)
    files.write_idx(tmp_path, contents, packed=True)
    packed = tmp_path / f"{IDX[2]}.gz"
    whole = packed.read_bytes()
    for damage in (whole[:-20], b"no gzip at all", whole[:40] + b"\0" * 20 + whole[60:]):
        packed.write_bytes(damage)
        with pytest.raises(UserError, match="cannot be read, or is damaged or cut short") as caught:
            load("mnist", tmp_path)
        assert str(packed) in str(caught.value)
    packed.unlink()
    with pytest.raises(UserError, match=f"lacks {IDX[2]}"):
        load("mnist", tmp_path)


def test_damaged_cifar_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.shrink(monkeypatch, "cifar10")
    files.write_binary(tmp_path / "bin" / "cifar-10-batches-bin")
    files.write_pickles(tmp_path / "py" / "cifar-10-batches-py", 3)
    files.write_parquet(tmp_path / "hf")
    for path, words in (
        (tmp_path / "bin" / "cifar-10-batches-bin" / "test_batch.bin", "is cut short"),
        (tmp_path / "py" / "cifar-10-batches-py" / "test_batch", "is damaged or cut short"),
        (tmp_path / "hf" / "train-0.parquet", "is damaged, cut short"),
    ):
        path.write_bytes(path.read_bytes()[:-7])
        with pytest.raises(UserError, match=words) as caught:
            load("cifar10", tmp_path / path.relative_to(tmp_path).parts[0])
        assert str(path) in str(caught.value)
        path.unlink()
        with pytest.raises(UserError, match=r"No such file|has no train-"):
            load("cifar10", tmp_path / path.relative_to(tmp_path).parts[0])


def test_parquet_of_other_columns_or_broken_images_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.shrink(monkeypatch, "cifar10")
    files.write_parquet(tmp_path, "picture")
    with pytest.raises(UserError, match="not Parquet with the columns img or image, and label"):
        load("cifar10", tmp_path)
    monkeypatch.setattr(files, "png", lambda _: b"no image")
    files.write_parquet(tmp_path)
    with pytest.raises(UserError, match=r"train-0\.parquet is damaged"):
        load("cifar10", tmp_path)


def test_too_few_images_or_foreign_labels_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write_binary(tmp_path / "few" / "cifar-10-batches-bin")
    with pytest.raises(UserError, match=r"holds training images \(25, 32, 32, 3\).*has 50000 of 32x32x3"):
        load("cifar10", tmp_path / "few")
    contents = files.grey(monkeypatch)
    files.write_idx(tmp_path, [contents[0], files.idx(np.full(25, 11)), *contents[2:]])
    files.shrink(monkeypatch, "mnist", digests={})
    with pytest.raises(UserError, match="has the training label 11; mnist has labels 0 to 9"):
        load("mnist", tmp_path)


def test_missing_data_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"`testbed data fetch mnist`.*--data-dir"):
        load("mnist", tmp_path)
    with pytest.raises(UserError, match="is not there, or not a folder"):
        load("mnist", tmp_path / "nowhere")
    with pytest.raises(UserError, match="there are mnist5k, mnist, fashion-mnist, cifar10"):
        load("imagenet")


def test_the_catalogue_lists_all_with_sizes() -> None:
    listed = {entry.name: entry for entry in catalogue()}
    assert listed["mnist5k"].state == "embedded"
    assert listed["cifar10"].size == "184 MB"
    assert listed["mnist"].holds == "60,000 + 10,000 of 28x28x1"
    assert shape_of("cifar10") == ((3, 32, 32), 10)


def test_listing_needs_no_torch() -> None:
    code = "import sys, testbed.learning.data as d; d.catalogue(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
