"""Against the data themselves, where they are on this machine; nothing is fetched."""

from collections.abc import Callable
from typing import TypeVar

import pytest
import torch
from torch.nn.functional import normalize

from testbed.errors import UserError
from testbed.learning import backbones
from testbed.learning.backbones.lite import Lite0
from testbed.learning.backbones.minilm import TextClassifier
from testbed.learning.data import DataSet, load, load_texts


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_whole_sets_are_balanced_and_normalised(name: str) -> None:
    try:
        data = load(name, pixels="standard")
    except UserError as missing:
        pytest.skip(str(missing))
    counts = {"mnist": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], "fashion-mnist": [1000] * 10}
    assert data.test_y.bincount().tolist() == counts[name]
    assert abs(data.train_x.mean().item()) < 1e-3
    assert abs(data.train_x.std().item() - 1) < 1e-3
    assert isinstance(data, DataSet)


T = TypeVar("T")


def here(get: Callable[[], T]) -> T:
    """What `get` gives, or the test is skipped, for something that it needs is missing."""
    try:
        return get()
    except UserError as missing:
        if "damaged" in str(missing):
            raise
        pytest.skip(str(missing))


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("reuters-r8", [1596, 253, 2840, 41, 190, 206, 108, 251], [696, 121, 1083, 10, 81, 87, 36, 75]),
        ("20newsgroups", [480, 584, 572, 590, 578], [319, 389, 394, 392, 385]),
    ],
)
def test_texts_are_all_there(name: str, train: list[int], test: list[int]) -> None:
    data = here(lambda: load_texts(name, 16, backbones.folder_of("minilm") / "tokenizer.json"))
    assert (len(data.train_y), len(data.test_y)) == {"reuters-r8": (5485, 2189), "20newsgroups": (11293, 7528)}[name]
    assert data.train_y.bincount()[: len(train)].tolist() == train
    assert data.test_y.bincount()[: len(test)].tolist() == test
    assert data.train_x.shape == (len(data.train_y), 16)
    assert (data.train_x[:, 0] == 101).all()  # [CLS]
    assert ((data.train_x == 102).sum(1) == 1).all()  # [SEP]


@pytest.mark.usefixtures("machine")
def test_lite0_gives_what_its_own_package_gives() -> None:
    """Golden numbers: sums and some entries of efficientnet-lite-pytorch 0.1.0's pooled features of this image."""
    module = here(lambda: backbones.build("efficientnet-lite0", 10, 1))
    assert isinstance(module, Lite0)
    golden = {
        64: (956.92639, {3: 2.2295609, 5: 2.3938756, 6: 6.0, 9: 2.7746532}),
        75: (391.89755, {5: 1.2252692, 6: 2.8058107, 13: 0.2644642, 23: 0.5382646}),
    }
    for side, (total, some) in golden.items():
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        image = torch.stack([(rows * 7 + columns * 3 + channel * 50) % 256 for channel in range(3)])[None]
        with torch.no_grad():
            found = module.features((image - 127) / 128)
        assert found.sum().item() == pytest.approx(total, rel=1e-4)
        assert found[0, list(some)].tolist() == pytest.approx(list(some.values()), rel=1e-3)


@pytest.mark.usefixtures("machine")
def test_minilm_knows_what_sentences_mean() -> None:
    pytest.importorskip("transformers")
    from tokenizers import Tokenizer

    module = here(lambda: backbones.build("minilm", 8, 1))
    assert isinstance(module, TextClassifier)
    tokenizer = Tokenizer.from_file(str(backbones.folder_of("minilm") / "tokenizer.json"))
    tokenizer.enable_padding(length=16)
    sentences = ["a man is eating food", "someone eats a meal", "the stock market fell today", "theory of gravity"]
    tokens = torch.tensor([encoded.ids for encoded in tokenizer.encode_batch(sentences)])
    with torch.no_grad():
        points = normalize(module.features(tokens), dim=1)
    likeness = points @ points.T
    assert likeness[0, 1] > 0.6
    assert likeness[:2, 2:].abs().max() < 0.2
