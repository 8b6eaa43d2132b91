"""Adapters beside pretrained models, small or with drawn weights: what a device computes is what W + B A computes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from testbed.learning import backbones
from testbed.learning.backbones import BACKBONES
from testbed.lora.model import adapt
from tests.learning.test_backbones import lite_state, save_bert, save_lite
from tests.lora.dense import BATCH, DEVICES, different, draw, weights


def bert(folder: Path, _: pytest.MonkeyPatch) -> tuple[nn.Module, Tensor]:
    """With texts, filled up at their ends."""
    save_bert(folder)
    x = torch.randint(1, 30, (DEVICES, BATCH, 10), generator=draw(1))
    x[:, 1::2, 6:] = 0
    return backbones.build("minilm", 4, 1, str(folder)), x


def lite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[nn.Module, Tensor]:
    """With weights of He et al. and plain normalisation, as with those of `lite_state` signals grow beyond measure."""
    state = lite_state()
    for key, value in state.items():
        if value.dim() == 4:
            nn.init.kaiming_normal_(value, nonlinearity="relu", generator=draw(2))
        elif "_bn" in key:
            value.fill_(float(key.endswith(("weight", "running_var"))))
    save_lite(folder, monkeypatch, state)
    x = torch.rand(DEVICES, BATCH, 3, 32, 32, generator=draw(1))
    return backbones.build("efficientnet-lite0", 4, 1, str(folder)), x


@pytest.mark.parametrize(("name", "make"), [("minilm", bert), ("efficientnet-lite0", lite)])
def test_unequal_ranks_side_by_side(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    make: Callable[[Path, pytest.MonkeyPatch], tuple[nn.Module, Tensor]],
) -> None:
    base, x = make(tmp_path, monkeypatch)
    model = adapt(base, x[0, 0], 2, BACKBONES[name].targets, [backbones.HEAD], name=name)
    values = different(model)
    with torch.no_grad():
        found, plain = model(values, x), model(model.start(1).repeat(DEVICES, 1), x)
        for device in range(DEVICES):
            dense: Any = functional_call(base, weights(base, model.layout, values[device]), (x[device],))
            expected = dense if isinstance(dense, Tensor) else dense.logits
            scale = float(expected.abs().max())
            torch.testing.assert_close(found[device] / scale, expected / scale, rtol=1e-4, atol=1e-4)
            assert (found[device] - plain[device]).abs().max() > 1e-3 * scale
