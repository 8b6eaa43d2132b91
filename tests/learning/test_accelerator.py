"""Gradients and accuracies on a GPU: those of the CPU but for rounding. Without a GPU, what is said then."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from testbed.errors import UserError
from testbed.learning.data import DataSet
from testbed.learning.fleet import Fleet
from testbed.learning.learnt import Learnt, Whole
from testbed.learning.models import build
from testbed.lora.learnt import WithAdapters
from testbed.lora.model import adapt
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm, Model
from testbed.session import run

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
DEVICES, SAMPLES, SHAPE = 20, 400, (1, 28, 28)


def whole(name: str, accelerator: str | None) -> Learnt:
    return Whole.of(Model(name=name, accelerator=accelerator), SHAPE, 10, 1)  # type: ignore[arg-type]


def adapters(name: str, accelerator: str | None, perturbation: float = 0.0) -> Learnt:
    model = adapt(build(name, SHAPE, 10, 1).module, torch.ones(SHAPE), 2)
    return WithAdapters(model, 1, perturbation, accelerator=accelerator)


KINDS: dict[str, Callable[[str | None], Learnt]] = {
    "logistic": lambda accelerator: whole("logistic", accelerator),
    "mlp": lambda accelerator: whole("mlp", accelerator),
    "cnn": lambda accelerator: whole("cnn", accelerator),
    "mlp-adapters": lambda accelerator: adapters("mlp", accelerator),
    "cnn-adapters": lambda accelerator: adapters("cnn", accelerator),
    "perturbed": lambda accelerator: adapters("mlp", accelerator, 0.1),
}


def fleet(kind: str, accelerator: str | None) -> Fleet:
    draw = torch.Generator().manual_seed(3)
    x, y = torch.rand(SAMPLES, *SHAPE, generator=draw), torch.randint(10, (SAMPLES,), generator=draw)
    shards = np.array_split(np.arange(SAMPLES), DEVICES)
    algorithm = Algorithm(lr=0.05, batch_size=8, local_steps=3)
    return Fleet(DataSet("made-up", x, y, x, y, 10), shards, KINDS[kind](accelerator), algorithm, 1)


def test_without_a_gpu_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"model\.accelerator = \"cuda\".*leave the key out"):
        fleet("mlp", "cuda")


@GPU
@pytest.mark.parametrize("kind", KINDS)
def test_a_gpu_trains_as_the_cpu(kind: str) -> None:
    cpu, gpu = fleet(kind, None), fleet(kind, "cuda")
    models = cpu.start() + 0.05 * torch.randn(cpu.start().shape, generator=torch.Generator().manual_seed(9))
    one, other = cpu.updates(models, 2), gpu.updates(models, 2)
    assert other.updates.device.type == other.losses.device.type == "cpu"
    torch.testing.assert_close(other.losses, one.losses, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(other.updates, one.updates, rtol=1e-3, atol=1e-5 * float(one.updates.abs().max()))
    assert ((gpu.accuracy(models) - cpu.accuracy(models)).abs() <= 1.5 / SAMPLES).all(), "but for a tie or two"
    for one_loss, other_loss in zip(cpu.sample_losses(models), gpu.sample_losses(models), strict=True):
        torch.testing.assert_close(other_loss, one_loss, rtol=1e-4, atol=1e-5)


@GPU
@pytest.mark.parametrize("kind", KINDS)
def test_a_gpu_gives_the_same_bytes_twice(kind: str) -> None:
    models = fleet(kind, None).start()
    one, other = (fleet(kind, "cuda").updates(models, 2).updates for _ in range(2))
    assert torch.equal(one, other)


@GPU
def test_a_run_on_a_gpu_learns_and_can_be_repeated(tmp_path: Path) -> None:
    scenario = parse(
        {
            "run": {"name": "gpu", "rounds": 12},
            "devices": {"count": 8},
            "network": {"kind": "graph", "density": 0.6},
            "data": {"name": "mnist5k", "alpha": 10.0},
            "model": {"name": "cnn", "accelerator": "cuda"},
            "algorithm": {"name": "atc", "lr": 0.1, "local_steps": 10},
        }
    )
    one, other = (run(scenario, tmp_path / name) for name in ("one", "other"))
    assert one.best_accuracy == other.best_accuracy > 0.5
