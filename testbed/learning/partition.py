"""How the training samples are dealt out: some held out for validation, every other one to one device.

Every device gets at least one.
"""

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.scenario.schema import Data
from testbed.seeds import Purpose, generator

Indices = NDArray[np.int64]


HELD_OUT = 1
"""The coordinate of the stream that draws what is held out; the deal has one without coordinates."""


def held_out(samples: int, devices: int, data: Data, seed: int) -> tuple[Indices, Indices]:
    """Rows of the training set that are held out for validation, `data.validation` of them, and the rest; ascending.

    They are drawn uniformly, and depend on `samples`, their number and the seed alone: whatever the partition and
    however many devices, they are the same. Raises UserError if the rest is less than one sample for each device.
    """
    if data.validation > 0 and samples - data.validation < devices:
        raise UserError(
            f"data.validation = {data.validation} of the {samples} training samples of {data.name} leaves less than "
            f"one for each of {devices} devices; allowed is at most {max(0, samples - devices)}"
        )
    drawn = generator(seed, Purpose.PARTITION, HELD_OUT).permutation(samples)
    return np.sort(drawn[: data.validation]), np.sort(drawn[data.validation :])


def partition(labels: NDArray[np.int64], devices: int, data: Data, seed: int) -> list[Indices]:
    """Rows of the training set for each device, ascending, by `data.partition`; `labels` are the samples' classes.

    The deal depends on labels, devices, `data` and seed alone. Raises UserError if there are more devices,
    or more shards, than samples, or too few labels for each device.
    """
    if devices > len(labels):
        raise UserError(
            f"devices.count = {devices} is more than the {len(labels)} training samples of {data.name}; "
            f"allowed is at most one device per sample"
        )
    draw = generator(seed, Purpose.PARTITION)
    if data.partition == "iid":
        dealt = iid(len(labels), devices, draw)
    elif data.partition == "dirichlet":
        dealt = dirichlet(labels, devices, data.alpha, draw)
    elif data.partition == "double-imbalanced":
        dealt = double_imbalanced(labels, devices, data.labels, data.beta, draw)
    else:
        dealt = shards(labels, devices, data.shards, draw)
    return [np.sort(own) for own in dealt]


def iid(samples: int, devices: int, draw: np.random.Generator) -> list[Indices]:
    """A shuffled deal in equal shares (the first devices get one more where it does not divide)."""
    return np.array_split(draw.permutation(samples), devices)


def dirichlet(labels: NDArray[np.int64], devices: int, alpha: float, draw: np.random.Generator) -> list[Indices]:
    """For each class, the devices' shares of its samples are drawn from Dir(alpha, ..., alpha) (Hsu et al. 2019).

    Devices that this leaves with nothing get one sample each from whoever then holds most.
    """
    pieces: list[list[Indices]] = [[] for _ in range(devices)]
    for label in np.unique(labels):
        rows = draw.permutation(np.flatnonzero(labels == label))
        cuts = np.floor(np.cumsum(_shares(devices, alpha, draw))[:-1] * len(rows)).astype(np.int64)
        for own, piece in zip(pieces, np.split(rows, np.minimum(cuts, len(rows))), strict=True):
            own.append(piece)
    return _none_empty([np.concatenate(own) for own in pieces])


def _shares(devices: int, alpha: float, draw: np.random.Generator) -> NDArray[np.float64]:
    """One draw of Dir(alpha, ..., alpha); beyond 1e100 all shares are equal, and larger sums would overflow."""
    return draw.dirichlet(np.full(devices, min(alpha, 1e100)))


def _none_empty(dealt: list[Indices]) -> list[Indices]:
    for device, own in enumerate(dealt):
        if not len(own):
            most = max(range(len(dealt)), key=lambda other: len(dealt[other]))
            dealt[device], dealt[most] = dealt[most][-1:], dealt[most][:-1]
    return dealt


def shards(labels: NDArray[np.int64], devices: int, each: int, draw: np.random.Generator) -> list[Indices]:
    """Samples sorted by label, cut into equal shards, `each` of them to every device (McMahan et al. 2017)."""
    wanted = devices * each
    if wanted > len(labels):
        raise UserError(
            f"data.shards = {each} for {devices} devices makes {wanted} shards of {len(labels)} training samples; "
            f"allowed is at most {len(labels) // devices}"
        )
    mixed = draw.permutation(len(labels))
    pieces = np.array_split(mixed[np.argsort(labels[mixed], kind="stable")], wanted)
    order = draw.permutation(wanted).reshape(devices, each)
    return [np.concatenate([pieces[shard] for shard in own]) for own in order]


def double_imbalanced(
    labels: NDArray[np.int64], devices: int, most: int, beta: float, draw: np.random.Generator
) -> list[Indices]:
    """Devices differ in how many labels they have, 1 to `most`, and in how many samples; so is AutoRank's setting
    called (Chen et al., arXiv 2412.15553, of which we know no more: the rest is our reading).

    Sizes are in proportion to one draw of Dir(beta, ..., beta), as quantity skew is (Li et al., "Federated Learning on
    Non-IID Data Silos", ICDE 2022), as near as the labels' own counts allow: a label's samples go to its owners in
    proportion to size / number of labels, and each owner has one at least while there are enough. All labels have
    owners, as equally many as may be. Raises UserError where that takes more than `most` labels a device.
    """
    kinds = np.unique(labels)
    if devices * most < len(kinds):
        raise UserError(
            f"data.labels = {most} for {devices} devices leaves some of the {len(kinds)} labels to nobody; "
            f"allowed is at least {-(-len(kinds) // devices)}"
        )
    owns = _label_sets(len(kinds), devices, min(most, len(kinds)), draw)
    weights = _shares(devices, beta, draw) / owns.sum(1)
    pieces: list[list[Indices]] = [[] for _ in range(devices)]
    for kind, label in enumerate(kinds):
        rows, owners = draw.permutation(np.flatnonzero(labels == label)), np.flatnonzero(owns[:, kind])
        for own, piece in zip(owners, _in_proportion(rows, weights[owners]), strict=True):
            pieces[own].append(piece)
    return _none_empty([np.concatenate(own) for own in pieces])


def _label_sets(labels: int, devices: int, most: int, draw: np.random.Generator) -> NDArray[np.bool_]:
    """(devices, labels) who owns which: device after device takes as many as it drew, of those with fewest owners."""
    wanted = draw.integers(1, most + 1, size=devices)
    while wanted.sum() < labels:
        wanted[draw.choice(np.flatnonzero(wanted < most))] += 1
    owns = np.zeros((devices, labels), dtype=np.bool_)
    for device, own in enumerate(wanted):
        order = np.lexsort((draw.permutation(labels), owns.sum(0)))
        owns[device, order[:own]] = True
    return owns


def _in_proportion(rows: Indices, weights: NDArray[np.float64]) -> list[Indices]:
    """One row to each while there are enough, the rest in proportion to the weights; equally where all are 0."""
    sure = 1 if len(rows) >= len(weights) else 0
    shares = weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1 / len(weights))
    cuts = np.floor(np.cumsum(shares)[:-1] * (len(rows) - sure * len(weights))).astype(np.int64)
    steps = sure * np.arange(1, len(weights))
    return np.split(rows, np.minimum(cuts + steps, len(rows)))


def class_table(labels: NDArray[np.int64], dealt: list[Indices], classes: int) -> NDArray[np.int64]:
    """How many samples of each class every device holds: (devices, classes)."""
    return np.stack([np.bincount(labels[own], minlength=classes) for own in dealt])
