"""The benchmark of the trace, made small: both traces are written and read, each in a process of its own."""

import pytest

from testbed.bench import trace


def test_it_measures_both_kinds_of_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "ROWS", 2000)
    monkeypatch.setattr(trace, "ROUNDS", 20)
    measured = trace.trace()
    assert set(measured) == {"imported", "recorded"}
    for figures in measured.values():
        assert set(figures) == {"read_s", "read_peak_mb", "write_s", "write_peak_mb", "size_mb"}
        assert 0 < figures["read_s"] < 10
        assert figures["read_peak_mb"] > 20
