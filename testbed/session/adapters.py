"""What devices learn, by a scenario: all of a model, or adapters beside it; and who mixes these."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from testbed.algorithms import Algorithm
from testbed.errors import UserError
from testbed.learning import backbones
from testbed.learning.backbones import BACKBONES
from testbed.learning.data import TEXTS, shape_of
from testbed.learning.learnt import Learnt, Whole
from testbed.learning.models import build
from testbed.lora import files, registry
from testbed.lora.clients import Clients
from testbed.lora.layout import Layout
from testbed.lora.learnt import WithAdapters
from testbed.lora.model import Adapted, adapt
from testbed.lora.policy import Facts
from testbed.scenario import Scenario


def learnt_of(scenario: Scenario) -> Learnt:
    """Needs none of the data. Raises UserError for a model or adapters whose files are missing, or ranks that do not
    fit."""
    if scenario.lora is None:
        shape, classes = shape_of(scenario.data.name, scenario.data.length)
        return Whole.of(scenario.model, shape, classes, scenario.run.seed)
    model, settings, seed = adapted_of(scenario), scenario.lora, scenario.run.seed
    beginning = None
    if settings.start is not None:
        beginning = files.read(
            Path(settings.start), model.layout, settings.alpha, model.start(seed), model.fingerprint()
        )
    return WithAdapters(model, seed, settings.perturbation, beginning, scenario.model.accelerator)


def adapted_of(scenario: Scenario) -> Adapted:
    """The model with adapters of a scenario that has such."""
    assert scenario.lora is not None
    (shape, classes), seed = shape_of(scenario.data.name, scenario.data.length), scenario.run.seed
    model, settings = scenario.model, scenario.lora
    room = settings.rank if isinstance(settings.rank, int) else max(settings.rank)
    sample = torch.ones(shape, dtype=torch.int64 if scenario.data.name in TEXTS else torch.float32)
    if model.name not in BACKBONES:
        module = build(model.name, shape, classes, seed, model.init).module
        return adapt(module, sample, room, settings.target, name=model.name)
    base = backbones.build(model.name, classes, seed, model.path)
    targets = settings.target or BACKBONES[model.name].targets
    return adapt(base, sample, room, targets, [backbones.HEAD], name=model.name)


def over_adapters(scenario: Scenario, algorithm: Algorithm, learnt: Learnt, counts: Tensor) -> Algorithm:
    """`algorithm` as it is over adapters, with the scenario's policy and merge, where it is adapters that are learnt.

    counts: (devices, classes) training samples, for the policy. Raises UserError for what does not go together.
    """
    if scenario.lora is None or not isinstance(learnt, WithAdapters):
        return algorithm
    settings, layout = scenario.lora, learnt.model.layout
    merge = registry.merge(settings.merge)(layout)
    facts = Facts(counts, merge.trains)
    policy = registry.policy(settings.policy)(layout, settings, scenario.devices.count, scenario.run.seed, facts)
    if learnt.beginning is not None:
        _check_room(layout, policy.start()["live"], learnt.beginning.ranks)
    clients = Clients(algorithm, settings, layout, policy, merge)
    if scenario.run.mode not in clients.modes:
        raise UserError(
            f'lora.policy = "{settings.policy}" and lora.merge = "{settings.merge}" are for run.mode = "barrier"; '
            f'"{scenario.run.mode}" takes policy = "fixed" with merge = "fedit" or "ffa".'
        )
    return clients


def _check_room(layout: Layout, live: Tensor, ranks: Sequence[int]) -> None:
    """Raises UserError where a device begins with fewer components, live (devices, components), than are given."""
    lacks = (layout.nested(torch.tensor(ranks)) & ~live).any(1)
    if lacks.any():
        device = int(lacks.int().argmax())
        raise UserError(
            f"lora.start has an adapter of rank {max(ranks)}, and device {device} begins with rank "
            f"{int(layout.ranks(live)[device].max())} (lora.policy, lora.rank): all devices should have room for it."
        )
