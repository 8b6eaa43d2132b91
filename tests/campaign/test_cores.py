import pytest

from testbed.campaign import cores
from testbed.campaign.cores import needed_bytes, workers_for
from testbed.scenario import parse


def test_as_many_as_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 4)
    monkeypatch.setattr(cores, "free_bytes", lambda: 1e12)
    assert workers_for([parse({})]) == 4


def test_fewer_where_memory_is_short_and_one_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 4)
    need = needed_bytes(parse({}))
    monkeypatch.setattr(cores, "free_bytes", lambda: 2.5 * need)
    assert workers_for([parse({})]) == 2
    monkeypatch.setattr(cores, "free_bytes", lambda: 0.5 * need)
    assert workers_for([parse({})]) == 1


def test_the_largest_scenario_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    large = parse({"devices": {"count": 1000}, "model": {"name": "mlp"}})
    monkeypatch.setattr(cores, "cores", lambda: 8)
    monkeypatch.setattr(cores, "free_bytes", lambda: 3.5 * needed_bytes(large))
    assert workers_for([parse({}), large]) == 3


def test_models_are_counted_for_every_device() -> None:
    few, many = (needed_bytes(parse({"devices": {"count": count}, "model": {"name": "mlp"}})) for count in (10, 110))
    assert many - few == pytest.approx(100 * cores.COPIES * 4 * 101_770, rel=0.5)
