"""Layers of all kinds with adapters, against dense W + B A of each device by itself."""

import pytest
import torch

from testbed.lora.stack import stacked
from tests.lora.dense import CASES, DEVICES, case, different, logits


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_those_of_a_dense_model(name: str) -> None:
    module, model, x = case(name)
    values = different(model)
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            found = model(values, x)
        for device in range(DEVICES):
            expected = logits(module, model.layout, values[device], x[device])
            torch.testing.assert_close(found[device], expected, rtol=1e-5, atol=1e-5)
    assert (found[0] - model(values[1:2], x[:1])[0]).abs().max() > 1e-3  # the adapters do tell


@pytest.mark.parametrize("name", CASES)
def test_a_start_computes_what_the_base_does(name: str) -> None:
    module, model, x = case(name)
    found = model(model.start(3).expand(DEVICES, -1), x)
    torch.testing.assert_close(found.flatten(0, 1), module.eval()(x.flatten(0, 1)), rtol=1e-5, atol=1e-5)


def test_an_input_without_the_samples_is_refused() -> None:
    _, model, x = case("linear")
    with stacked(model.spec.views(different(model)), DEVICES, 20), pytest.raises(ValueError, match="layer 0 is given"):
        model.module(x.flatten(0, 1)[:7])
