"""Adapters of a few devices, and all merges, for the tests of merges."""

import importlib
import inspect
from pathlib import Path

import torch
from torch import Tensor

import testbed.lora.merges
from testbed.aggregation import metropolis
from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.means import Linear
from testbed.lora.merge import Mean, Merge, State

DEVICES = 6
LAYOUT = Layout(
    [Target("0", "linear", (10, 20)), Target("2", "conv", (6, 3, 2, 2))], [5, 4], [("head", (3, 4)), ("bias", (3,))]
)
UNEQUAL = torch.tensor([[2, 4], [5, 1], [0, 3], [3, 4], [5, 4], [1, 0]])
EQUAL = torch.tensor([[3, 2]]).expand(DEVICES, 2)
LINEAR = Linear()


def _find(name: str) -> type[Merge]:
    module = importlib.import_module(f"testbed.lora.merges.{name}")
    classes = [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]
    (merge,) = (each for each in classes if issubclass(each, Merge))
    return merge


FOLDER = Path(next(iter(testbed.lora.merges.__path__)))
MERGES = {path.stem: _find(path.stem) for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__"}


def ranks_for(merge: type[Merge]) -> Tensor:
    return UNEQUAL if merge.unequal else EQUAL


def trained(merge: type[Merge], ranks: Tensor, seed: int = 0, layout: Layout = LAYOUT) -> Adapters:
    """Adapters after some training of what the merge trains: unlike on all devices."""
    draw = torch.Generator().manual_seed(seed)
    start = layout.start(seed, torch.zeros(layout.head.stop - layout.head.start))
    values = start + 0.1 * torch.randn(len(ranks), layout.size, generator=draw)
    if "A" not in merge.trains:
        values[:, layout.parts["A"]] = start[layout.parts["A"]]
    live = layout.nested(ranks)
    return Adapters(values, live, live).masked(layout)


def message(merge: type[Merge], own: Adapters, layout: Layout = LAYOUT) -> Adapters:
    """All that a device sends under the merge."""
    a, b = (own_side & (factor in merge.trains) for factor, own_side in (("A", own.a), ("B", own.b)))
    return Adapters(own.values, a, b).masked(layout)


def some_weights(seed: int = 0, devices: int = DEVICES) -> Tensor:
    """Metropolis weights of a graph in which the last device hears nobody."""
    links = torch.rand(devices, devices, generator=torch.Generator().manual_seed(seed)) < 0.6
    links = links | links.T
    links[-1] = links[:, -1] = False
    return metropolis(links, links)


def mix(merge: Merge, own: Adapters, weights: Tensor, mean: Mean = LINEAR, state: State | None = None) -> Tensor:
    """New values of devices that send all."""
    sent = message(type(merge), own, merge.layout)
    return merge.mix(own, sent, weights, mean, merge.start(len(own.values)) if state is None else state)[0]


def product(values: Tensor, number: int = 0, layout: Layout = LAYOUT) -> Tensor:
    """(devices, outputs, inputs) in float64."""
    a, b = layout.factors(values.double(), layout.sites[number])
    return torch.einsum("...ro,...ri->...oi", b, a)
