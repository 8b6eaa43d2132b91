"""The scenarios of LoRA clients that come with the project."""

from pathlib import Path

import numpy as np
import pytest

from testbed.scenario import load
from testbed.session import run
from tests.needs import ENGINE, needs_data

SCENARIOS = Path(__file__).parents[2] / "ns3_scenarios"


@ENGINE
def test_digits_over_the_air_choose_their_ranks(tmp_path: Path) -> None:
    """AutoRank's flood costs bytes, then ranks differ, and messages with them."""
    keys = {"run.rounds": 6, "lora.flood_rounds": 3, "network.hello_s": 0.3}
    ran = run(load(SCENARIOS / "lora_mnist.toml", keys), tmp_path / "run")
    devices = ran.devices
    of = {round_: np.array(devices["rank"])[np.array(devices["round"]) == round_] for round_ in range(6)}
    assert (of[2] == 2).all()
    assert of[3].min() == 2
    assert of[3].max() == 8
    assert (of[5] == of[3]).all()
    sent = ran.rounds["bytes"]
    assert sent[0] < sent[1] < sent[2] <= sent[3] < sent[4] == sent[5]
    assert ran.best_accuracy > 0.15


@pytest.mark.slow
@needs_data("reuters-r8")
@needs_data("minilm")
def test_minilm_learns_reuters_with_rank_8_on_one_device(tmp_path: Path) -> None:
    """At least 90 % of 600 test texts after 120 steps of 16 texts."""
    alone = {"devices.count": 1, "network.kind": "graph", "network.graph": "line", "data.partition": "iid"}
    steps = {"algorithm.name": "local", "run.rounds": 24, "algorithm.local_steps": 5, "output.eval_every": 24}
    ran = run(load(SCENARIOS / "lora_minilm_r8.toml", alone | steps), tmp_path / "run")
    assert ran.rounds["accuracy_mean"][-1] >= 0.9


@pytest.mark.parametrize(
    ("name", "data", "model", "policy"),
    [
        ("lora_minilm_r8", "reuters-r8", "minilm", "fixed"),
        ("lora_minilm_20newsgroups", "20newsgroups", "minilm", "lora_a2"),
        ("lora_efficientnet_cifar10", "cifar10", "efficientnet-lite0", "sa_fedlora"),
    ],
)
def test_pretrained_models_are_adapted(name: str, data: str, model: str, policy: str) -> None:
    """Also in the look that its head shows, of two rounds."""
    scenario = load(SCENARIOS / f"{name}.toml")
    assert (scenario.data.name, scenario.model.name) == (data, model)
    assert scenario.lora is not None
    assert (scenario.lora.policy, scenario.lora.rank) == (policy, 8)
    shown = [line for line in (SCENARIOS / f"{name}.toml").read_text().splitlines() if "--set" in line]
    for line in shown:
        keys = [words.split()[0] for words in line.split("--set")[1:]]
        assert load(SCENARIOS / f"{name}.toml", keys).run.rounds == 2
