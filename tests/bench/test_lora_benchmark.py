"""The benchmark of adapters, made small: it runs, and its bytes are those of arithmetic."""

from typing import Any

import pytest

from testbed.bench import lora


def test_steps_are_compared_and_bytes_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(lora, "CASES", (lora.Case("mlp", 2, 1), lora.Case("cnn", 1, 1)))
    monkeypatch.setattr(lora, "_memory", lambda: 0.0)
    measured = lora.lora()
    assert set(measured) == {"mlp, batch 2", "cnn, batch 1", "message_bytes", "memory_mb"}
    step = measured["mlp, batch 2"]
    assert set(step) == {"step_ms", "over_one_adapter", "over_whole_model"}
    assert all(value > 0 for value in step.values())
    rows, head = 8 * (784 + 128), 128 * 10 + 10
    sizes = measured["message_bytes"]["mlp"]
    assert sizes["float32"] == 28 + 4 + 2 + 4 * (rows + head)
    assert sizes["float16"] == 28 + 4 + 2 + 2 * (rows + head)
    assert sizes["whole"] == 28 + 4 * 101_770


def test_the_transformer_has_the_size_of_minilm() -> None:
    model = lora.adapted("transformer")
    assert [site.target.inputs for site in model.layout.sites] == [384] * 12
    assert model.full_size == pytest.approx(22.6e6, rel=0.03)
