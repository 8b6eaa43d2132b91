"""The data sets by name: what is known about them, and the SHA-256 of what must be in their files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from testbed.errors import UserError


@dataclass(frozen=True)
class Facts:
    """What a data set holds, and the mean and standard deviation of its training images' channels (of 0..1)."""

    name: str
    train: int
    test: int
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    how: str
    """What a person does to get it."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """IDX file name to the SHA-256 of its content, unpacked: .gz files differ by who packed them."""
    classes: int = 10

    @property
    def images(self) -> int:
        return self.train + self.test


_GREY = (1, 28, 28)
_MNIST = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_FASHION = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

SETS: dict[str, Facts] = {
    facts.name: facts
    for facts in (
        Facts("mnist5k", 4000, 1000, _GREY, (0.1307,), (0.3081,), "it comes with the package"),
        Facts("mnist", 60000, 10000, _GREY, (0.1307,), (0.3081,), "testbed data fetch mnist", _MNIST),
        Facts("fashion-mnist", 60000, 10000, _GREY, (0.2860,), (0.3530,), "testbed data fetch fashion-mnist", _FASHION),
        Facts(
            *("cifar10", 50000, 10000, (3, 32, 32), (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
            "testbed data fetch cifar10 says how",
        ),
    )
}


@dataclass(frozen=True)
class TextFacts:
    """What a set of texts holds; its labels are numbered as `classes` are in order."""

    name: str
    train: int
    test: int
    classes: tuple[str, ...]
    megabytes: float
    """Of its files."""


_GROUPS = (
    *("alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware"),
    *("comp.windows.x", "misc.forsale", "rec.autos", "rec.motorcycles", "rec.sport.baseball", "rec.sport.hockey"),
    *("sci.crypt", "sci.electronics", "sci.med", "sci.space", "soc.religion.christian", "talk.politics.guns"),
    *("talk.politics.mideast", "talk.politics.misc", "talk.religion.misc"),
)
_TOPICS = ("acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade")

TEXTS: dict[str, TextFacts] = {
    "reuters-r8": TextFacts("reuters-r8", 5485, 2189, _TOPICS, 4.5),
    "20newsgroups": TextFacts("20newsgroups", 11293, 7528, _GROUPS, 27.5),
}

PAD = 0
"""The token that stands behind a text's end."""


def shape_of(name: str, length: int = 64) -> tuple[tuple[int, ...], int]:
    """Shape of a sample of `name`, and its number of classes; needs none of its files. Of an image (channels, height,
    width), of a text (`length`,)."""
    if name in TEXTS:
        return (length,), len(TEXTS[name].classes)
    facts = facts_of(name)
    return facts.shape, facts.classes


def facts_of(name: str) -> Facts:
    """The facts of the image set `name`. Raises UserError for any other name."""
    if name not in SETS:
        raise UserError(f"{name!r} is not a data set; there are {', '.join(SETS | TEXTS)}")
    return SETS[name]
