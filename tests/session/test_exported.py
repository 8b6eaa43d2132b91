"""Adapters out of a run and into the next one, and through peft."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.func import functional_call
from typer.testing import CliRunner

from testbed.cli import app
from testbed.errors import UserError
from testbed.learning.models import build
from testbed.lora.files import CONFIG, WEIGHTS
from testbed.scenario import Scenario, dumps, fingerprint, load
from testbed.session import checkpoint, run
from testbed.session.adapters import adapted_of, learnt_of
from testbed.session.exported import Exported, export
from testbed.session.learner import Learner
from tests.lora.dense import weights
from tests.lora.test_clients import DEVICES, scenario

RANKS = (4, 2, 3, 1, 4)
UNEQUAL = {"policy": "given", "merge": "rbla", "rank": RANKS}


def written(folder: Path, **sections: Any) -> tuple[Scenario, Path]:
    """A run and its adapters."""
    case = scenario(**{"run": {"rounds": 2}, **sections})
    run(case, folder / "run")
    export(folder / "run", folder / "out")
    return case, folder / "out"


def final(folder: Path) -> Tensor:
    standing = checkpoint.load(folder / "run" / "checkpoint")
    assert standing is not None
    return standing.models


def product(folder: Path, layer: str) -> Tensor:
    state = load_file(folder / WEIGHTS)
    a, b = (state[f"base_model.model.{layer}.lora_{side}.weight"].double().flatten(1) for side in "AB")
    found: Tensor = b @ a
    return found


@pytest.mark.parametrize("lora", [UNEQUAL, {"policy": "sora", "merge": "rbla", "threshold": 5e-3, "init_rounds": 1}])
def test_each_device_and_the_mean_of_their_products(tmp_path: Path, lora: dict[str, Any]) -> None:
    case, out = written(tmp_path, run={"rounds": 4}, model={"name": "cnn"}, lora=lora)
    layout, models = adapted_of(case).layout, final(tmp_path)
    assert sorted(each.name for each in out.iterdir()) == [*(f"device-{device}" for device in range(DEVICES)), "mean"]
    for site in layout.sites:
        a, b = (rows.double() for rows in layout.factors(models, site))
        dense = b.mT @ a
        for device in range(DEVICES):
            torch.testing.assert_close(product(out / f"device-{device}", site.target.name), dense[device])
        torch.testing.assert_close(product(out / "mean", site.target.name), dense.mean(0), rtol=1e-4, atol=1e-7)
    if lora is UNEQUAL:
        for device, rank in enumerate(RANKS):
            assert json.loads((out / f"device-{device}" / CONFIG).read_text())["r"] == rank


def test_a_run_begins_with_what_another_ended_with(tmp_path: Path) -> None:
    case, out = written(tmp_path, lora={"alpha": 8.0})
    begun = scenario(lora={"alpha": 8.0, "start": str(out / "device-2" / WEIGHTS)})
    fleet = Learner(begun).fleet
    torch.testing.assert_close(fleet.start(), final(tmp_path)[2].repeat(DEVICES, 1))
    assert not torch.equal(fleet.start(), Learner(case).fleet.start())
    run(begun, tmp_path / "next")


def test_a_smaller_rank_begins_larger_adapters_and_a_larger_one_none(tmp_path: Path) -> None:
    case, out = written(tmp_path, lora={"rank": 2})
    file = str(out / "device-0" / WEIGHTS)
    large = learnt_of(scenario(lora={"rank": 5, "start": file}))
    x = torch.rand(1, 3, 1, 28, 28)
    logits = adapted_of(scenario(lora={"rank": 5}))(large.start()[None], x)
    torch.testing.assert_close(logits, adapted_of(case)(final(tmp_path)[:1], x))
    with pytest.raises(UserError, match=r"lora_A.weight is \(2, 784\) and should be \(1, 784\)"):
        learnt_of(scenario(lora={"rank": 1, "start": file}))
    with pytest.raises(UserError, match="rank 2, and device 3 begins with rank 1"):
        Learner(scenario(lora={**UNEQUAL, "start": file}))


def test_the_file_is_looked_for_beside_the_scenario_and_its_content_counts(tmp_path: Path) -> None:
    _, out = written(tmp_path, lora={"rank": 2})
    (tmp_path / "s.toml").write_text('[lora]\nrank = 2\nstart = "out/device-0/adapter_model.safetensors"\n')
    first = load(tmp_path / "s.toml")
    assert first.lora is not None
    assert first.lora.start == str(out / "device-0" / WEIGHTS)
    moved = load(tmp_path / "s.toml", {"lora.start": str(out / "mean" / WEIGHTS)})
    assert fingerprint(moved) != fingerprint(first)
    (tmp_path / "copy").write_bytes((out / "device-0" / WEIGHTS).read_bytes())
    assert fingerprint(load(tmp_path / "s.toml", {"lora.start": str(tmp_path / "copy")})) == fingerprint(first)


def test_the_verb_says_what_it_wrote_and_what_it_cannot(tmp_path: Path) -> None:
    run(scenario(run={"rounds": 2}), tmp_path / "run")
    done = CliRunner().invoke(app, ["adapters", str(tmp_path / "run")], catch_exceptions=False)
    assert "an adapter for each of 5 devices, rank 4, and the mean" in done.stdout
    assert "not finished" not in done.stdout
    assert (tmp_path / "run" / "adapters" / "mean" / CONFIG).is_file()
    with pytest.raises(UserError, match="is there already"):
        export(tmp_path / "run", tmp_path / "run" / "adapters")
    with pytest.raises(UserError, match="is no run directory"):
        export(tmp_path, tmp_path / "other")
    (tmp_path / "run" / "checkpoint" / "standing.pt").unlink()
    with pytest.raises(UserError, match="has no checkpoint"):
        export(tmp_path / "run", tmp_path / "other")


def test_a_run_of_whole_models_or_of_another_scenario_has_no_adapters(tmp_path: Path) -> None:
    run(scenario(run={"rounds": 1}), tmp_path / "run")
    file = tmp_path / "run" / "scenario.toml"
    file.write_text(dumps(scenario(lora={"rank": 3})))
    with pytest.raises(UserError, match="does not fit the scenario"):
        export(tmp_path / "run", tmp_path / "out")
    file.write_text("")
    with pytest.raises(UserError, match="has no adapters"):
        export(tmp_path / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".adapters-*"))


def test_it_counts_rounds_and_ranks(tmp_path: Path) -> None:
    run(scenario(run={"mode": "local", "period_s": 0.05, "rounds": 2}, lora={"rank": 2}), tmp_path / "run")
    found = export(tmp_path / "run", tmp_path / "out")
    assert found == Exported(DEVICES, (2, 2), (2, 2), found.mean_rank)


@pytest.mark.parametrize("lora", [{"alpha": 12.0}, UNEQUAL])
def test_peft_takes_them_and_gives_them_back(tmp_path: Path, lora: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft = pytest.importorskip("peft", reason="peft is not installed (the extra `text`)")
        case, out = written(tmp_path, model={"name": "cnn"}, lora=lora)
        model, x = adapted_of(case), torch.rand(4, 1, 28, 28)

        def base() -> nn.Module:
            return build("cnn", (1, 28, 28), 10, case.run.seed).module

        for device in (0, 1):
            own = final(tmp_path)[device : device + 1]
            theirs = peft.PeftModel.from_pretrained(base(), out / f"device-{device}")
            torch.testing.assert_close(theirs.eval()(x), model(own, x[None])[0], rtol=1e-4, atol=1e-5)
            theirs.save_pretrained(tmp_path / f"back-{device}")
            start = scenario(model={"name": "cnn"}, lora={**lora, "start": str(tmp_path / f"back-{device}" / WEIGHTS)})
            torch.testing.assert_close(model(learnt_of(start).start()[None], x[None]), model(own, x[None]))
        mean = peft.PeftModel.from_pretrained(base(), out / "mean")
        dense = [weights(base(), model.layout, row) for row in final(tmp_path)]
        averages = {name: torch.stack([own[name] for own in dense]).mean(0) for name in dense[0]}
        torch.testing.assert_close(mean.eval()(x), functional_call(base(), averages, (x,)), rtol=1e-4, atol=1e-5)
