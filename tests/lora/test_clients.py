"""Clients: algorithm, policy and merge together, round after round."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from testbed.algorithms.common.message import Kind, Message, encode
from testbed.errors import UserError
from testbed.lora.clients import POLICY, Clients
from testbed.lora.wire import Code
from testbed.network import connect
from testbed.scenario import Scenario, parse
from testbed.scenario.algorithms import MERGES, POLICIES, names
from testbed.session import record, run
from testbed.session.air import Air
from testbed.session.barrier import Barrier, Standing
from testbed.session.learner import Learner
from testbed.session.stopwatch import Stopwatch
from tests.session.scenarios import Interrupt, tables

DEVICES, ROUNDS = 5, 5
RANKS = {"rank": (4, 2, 3, 1, 4)}
OPTIONS: dict[str, dict[str, Any]] = {
    "given": RANKS,
    "autorank": {"flood_rounds": 2},
    "sa_fedlora": {"init_rounds": 1, "heat_rounds": 1, "cool_rounds": 4},
    "sora": {"init_rounds": 1, "threshold": 1e-3},
    "boost": {"stage_rounds": 2},
    "branches": {"shared": 2},
    "partial": {"layers": 1},
    "by_link": {"message_s": 0.001},
}
"""What makes something happen in a few rounds."""
WHOLE = [name for name in names(POLICIES) if name not in ("boost", "branches", "partial", "lora_a2")]
PAIRS = [(policy, "rbla") for policy in names(POLICIES)] + [(policy, "flexlora") for policy in WHOLE]
PAIRS += [("given", merge) for merge in names(MERGES) if merge != "fedit"] + [
    ("fixed", merge) for merge in names(MERGES)
]


def scenario(**sections: Any) -> Scenario:
    """Five devices with a small network, over graphs."""
    tree: dict[str, Any] = {
        "run": {"rounds": ROUNDS, "seed": 3},
        "devices": {"count": DEVICES},
        "network": {"kind": "graph", "density": 0.6},
        "data": {"alpha": 0.5},
        "model": {"name": "mlp"},
        "algorithm": {"name": "atc", "lr": 0.1, "batch_size": 16},
        "lora": {"rank": 4},
        "output": {"eval_every": ROUNDS, "eval_samples": 50},
    }
    return parse({name: {**tree.get(name, {}), **sections.get(name, {})} for name in {*tree, *sections}})


def barrier(case: Scenario) -> tuple[Barrier, Learner]:
    learner = Learner(case)
    return Barrier(case, learner, Air(case, learner.workload, connect(case))), learner


def stepped(case: Scenario) -> Standing:
    steps, _ = barrier(case)
    standing = steps.start()
    for _ in range(case.run.rounds):
        standing, _ = steps.step(standing, Stopwatch())
    return standing


@pytest.mark.parametrize(("policy", "merge"), dict.fromkeys(PAIRS))
@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_the_bytes_on_the_air_are_those_of_the_messages_as_they_are_written(
    policy: str, merge: str, dtype: str
) -> None:
    case = scenario(lora={"policy": policy, "merge": merge, "dtype": dtype, **OPTIONS.get(policy, {})})
    steps, learner = barrier(case)
    clients, standing = learner.algorithm, steps.start()
    assert isinstance(clients, Clients)
    layout = clients._layout
    for _ in range(ROUNDS):
        before, trained = standing.state, steps._trainer.train(standing.models, standing.state, standing.round_)[0]
        a, b = clients._selected(trained, before)
        own = {name[len(POLICY) :]: kept for name, kept in before.items() if name.startswith(POLICY)}
        extra = clients._policy.extra_bytes(own)
        message = clients.message(trained, before)
        standing, outcome = steps.step(standing, Stopwatch())
        for device in range(DEVICES):
            data = Code(layout, clients._lora.dtype).encode(
                message[device], a[device], b[device], bytes(int(extra[device]))
            )
            sent = len(encode(Message(device, 0, 0, np.frombuffer(data, np.uint8), Kind.ADAPTERS)))
            if clients._own_code():
                sent = len(encode(Message(device, 0, 0, message[device].numpy())))
            assert outcome.outbox.size_bytes[outcome.outbox.src == device].tolist() == [sent]
            assert sent <= learner.workload.message_bytes.max(0)[device] + int(extra[device])
        live = standing.state[POLICY + "live"]
        assert not standing.models.masked_fill(layout.columns(live, live), 0.0).any()
        assert standing.models.isfinite().all()


@pytest.mark.parametrize("merge", names(MERGES))
def test_a_power_of_one_is_the_linear_mean_bit_for_bit(merge: str) -> None:
    of = {"merge": merge, **({} if merge == "fedit" else {"policy": "given", **RANKS})}
    linear = stepped(scenario(lora=of))
    power = stepped(scenario(lora=of, algorithm={"name": "wpm", "variant": "primal", "p": 1.0}))
    assert torch.equal(linear.models, power.models)


@pytest.mark.parametrize("name", ["dpsgd", "hyperprism", "dsgt", "choco", "swarm", "mudag", "qg_dsgdm"])
def test_any_algorithm_mixes_adapters_of_one_rank(name: str) -> None:
    case = scenario(algorithm={"name": name, "lr": 0.01}, lora={"rank": 2})
    standing, start = stepped(case), Learner(case).fleet.start()
    assert standing.models.isfinite().all()
    assert not torch.equal(standing.models, start)


def test_ffa_leaves_a_as_it_began() -> None:
    for name in ("atc", "hyperprism", "dpsgd"):
        case = scenario(algorithm={"name": name}, lora={"merge": "ffa"})
        standing, learner = stepped(case), Learner(case)
        a = learner.spec.parts["A"]
        assert torch.equal(standing.models[:, a], learner.fleet.start()[:, a])
        assert standing.models[:, learner.spec.parts["B"]].any()


def test_alpha_folded_in_is_alpha_over_rank_at_the_layer() -> None:
    """One step of gradient descent on s B A with s = alpha / r, against the folded form."""
    plain = scenario(run={"rounds": 1}, lora={"rank": 4, "alpha": 8.0}, algorithm={"name": "local"})
    folded, learner = stepped(plain), Learner(plain)
    unit = stepped(scenario(run={"rounds": 1}, lora={"rank": 4}, algorithm={"name": "local"}))
    b, a = learner.spec.parts["B"], learner.spec.parts["A"]
    assert torch.allclose(folded.models[:, b], 4 * unit.models[:, b])
    assert torch.equal(folded.models[:, a], unit.models[:, a])


def test_alpha_folded_in_lengthens_a_step_of_adam_once() -> None:
    """Adam's first step is lr long, whatever the gradient: B' = s B moves by s lr, where plain B moves by lr."""
    adamw = {"name": "local", "optimizer": "adamw", "lr": 0.01}
    folded = stepped(scenario(run={"rounds": 1}, lora={"rank": 4, "alpha": 8.0}, algorithm=adamw))
    unit = stepped(scenario(run={"rounds": 1}, lora={"rank": 4}, algorithm=adamw))
    b = Learner(scenario()).spec.parts["B"]
    assert torch.allclose(folded.models[:, b], 2 * unit.models[:, b])


def test_boosting_sends_one_component_of_each_layer_at_a_time() -> None:
    for lora in ({}, {"merge": "ffa"}, {"merge": "rbla", "dtype": "int8"}):
        case = scenario(model={"name": "cnn"}, lora={"policy": "boost", "stage_rounds": 2, **lora})
        steps, learner = barrier(case)
        clients, standing, sent = learner.algorithm, steps.start(), []
        assert isinstance(clients, Clients)
        for round_ in range(4):
            plan = clients._plan(standing.state, round_)
            standing, outcome = steps.step(standing, Stopwatch())
            sent.append(outcome.outbox.size_bytes.tolist())
            assert sent[-1] == clients._code.size_bytes(plan.a, plan.b).tolist()
        assert max(map(max, sent)) < 0.5 * Learner(scenario(model={"name": "cnn"})).workload.message_bytes.max()


def test_unequal_budgets_over_components_that_all_have_take_the_mean_of_factors() -> None:
    """LoRA-A2 of a list of ranks: a device sends as its own rank would, out of as many components as the others."""
    standing = stepped(scenario(lora={"policy": "lora_a2", "merge": "fedit", **RANKS}))
    assert (standing.state["policy live"] == standing.state["policy live"][0]).all()


@pytest.mark.parametrize("policy", ["lora_a2", "hetlora", "autorank"])
def test_who_needs_no_air_sends_nothing(policy: str) -> None:
    for name in ("local", "allreduce"):
        lora = {"policy": policy, "merge": "rbla", **OPTIONS.get(policy, {})}
        steps, _ = barrier(scenario(algorithm={"name": name}, lora=lora))
        standing, outcome = steps.step(steps.start(), Stopwatch())
        assert not len(steps.step(standing, Stopwatch())[1].outbox)
        assert not len(outcome.outbox)


def test_only_what_crosses_the_air_is_rounded() -> None:
    """A device that hears nobody keeps its own numbers, as training left them."""
    alone = {"count": 1}
    exact = stepped(scenario(devices=alone))
    assert torch.equal(stepped(scenario(devices=alone, lora={"dtype": "int8"})).models, exact.models)


def test_momentum_begins_anew_where_mixing_turns_components() -> None:
    for merge, turned in (("flexlora", True), ("rbla", False)):
        steps, _ = barrier(scenario(lora={"policy": "given", "merge": merge, **RANKS}, network={"density": 1.0}))
        standing, _ = steps.step(steps.start(), Stopwatch())
        assert standing.state["fresh"].all() == turned


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"lora": {"merge": "flexlora"}, "algorithm": {"name": "wpm", "variant": "primal", "p": 3.0}}, "linear means"),
        ({"lora": {"alpha": 8.0}, "algorithm": {"name": "kgt"}}, "longer or shorter"),
        ({"lora": {"policy": "hetlora", "merge": "rbla"}, "run": {"mode": "local", "period_s": 0.1}}, "barrier"),
        ({"lora": {"policy": "boost"}, "run": {"mode": "local", "period_s": 0.1}}, "barrier"),
        ({"lora": {"rank": 0}}, "lora.rank"),
        ({"lora": {"rank": 200}}, "128"),
        ({"lora": {"policy": "auto_rank"}}, "autorank"),
        ({"lora": {"merge": "fedavg"}}, "is not a merge"),
        ({"lora": {"policy": "given", **RANKS}}, "another merge"),
        ({"lora": {"policy": "lora_a2", "merge": "flexlora"}}, "needs whole adapters"),
        ({"lora": {"merge": "rbla"}, "algorithm": {"name": "dsgt"}}, "other algorithms take"),
        ({"lora": {"dtype": "int8"}, "algorithm": {"name": "choco"}}, "float32"),
        ({"lora": {"dtype": "float16"}, "algorithm": {"name": "dpsgd"}}, "and lora.dtype = .float32"),
        ({"lora": {"dtype": "int8"}, "algorithm": {"name": "hyperprism"}}, "and lora.dtype = .float32"),
        ({"lora": {"target": ["decoder"]}}, "decoder"),
        ({"lora": {"policy": "given", "merge": "rbla", "rank": [1, 2]}}, "5 devices"),
        ({"lora": {"budget_bytes": 100}}, "lora.budget_bytes = 100: .* lower ranks, a budget of at least"),
    ],
)
def test_what_does_not_fit_is_said(sections: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Learner(scenario(**sections))


def test_a_run_whose_messages_are_learnt_goes_on_where_it_stopped(tmp_path: Path) -> None:
    adamw = {"optimizer": "adamw", "lr": 0.01}
    lora = {"policy": "lora_a2", "merge": "rbla", "budget_bytes": 8000}
    case = scenario(lora=lora, algorithm=adamw, output={"checkpoint_s": 0})
    run(case, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path / "cut", observer=Interrupt(2, KeyboardInterrupt()))
    run(case, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


def test_nothing_is_recorded_of_messages_that_are_learnt(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="testbed run"):
        record(scenario(lora={"policy": "lora_a2", "merge": "rbla"}), tmp_path / "air")


@pytest.mark.parametrize("mode", ["local", "async"])
def test_adapters_of_one_rank_know_all_timing_modes(mode: str, tmp_path: Path) -> None:
    name = "atc" if mode == "local" else "adpsgd"
    case = scenario(run={"mode": mode, "period_s": 0.05, "rounds": 3}, algorithm={"name": name}, lora={"merge": "ffa"})
    assert run(case, tmp_path / "out").finished
