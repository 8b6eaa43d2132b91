"""What devices learn, by a scenario: all of a model, or adapters beside it; and who mixes these."""

import torch
from torch import Tensor

from testbed.algorithms import Algorithm
from testbed.learning import backbones
from testbed.learning.backbones import BACKBONES
from testbed.learning.data import TEXTS, shape_of
from testbed.learning.learnt import Learnt, Whole
from testbed.learning.models import build
from testbed.lora import registry
from testbed.lora.clients import Clients
from testbed.lora.learnt import WithAdapters
from testbed.lora.model import adapt
from testbed.lora.policy import Facts
from testbed.scenario import Scenario


def learnt_of(scenario: Scenario) -> Learnt:
    """Needs none of the data. Raises UserError for a model whose files are missing, or ranks that do not fit."""
    (shape, classes), seed = shape_of(scenario.data.name, scenario.data.length), scenario.run.seed
    if scenario.lora is None:
        return Whole.of(scenario.model, shape, classes, seed)
    model, settings = scenario.model, scenario.lora
    room = settings.rank if isinstance(settings.rank, int) else max(settings.rank)
    sample = torch.ones(shape, dtype=torch.int64 if scenario.data.name in TEXTS else torch.float32)
    if model.name not in BACKBONES:
        module = build(model.name, shape, classes, seed).module
        adapted = adapt(module, sample, room, settings.target, name=model.name)
    else:
        base = backbones.build(model.name, classes, seed, model.path)
        targets = settings.target or BACKBONES[model.name].targets
        adapted = adapt(base, sample, room, targets, [backbones.HEAD], name=model.name)
    return WithAdapters(adapted, seed, settings.perturbation)


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
    return Clients(algorithm, settings, layout, policy, merge)
