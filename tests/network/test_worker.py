"""The worker process: whatever happens to ns-3 is a clear error, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import Outbox
from testbed.network.engine import EngineError
from testbed.network.process import Worker

NOTHING = Outbox([], [], [], [])


def gone(pid: int) -> bool:
    """Whether the process has ended and been waited for."""
    return not Path(f"/proc/{pid}").exists()


def gone_soon(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not gone(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return gone(pid)


def test_a_killed_worker_is_an_error_that_says_so(live: Any) -> None:
    network = live(2)
    pid = network._worker.pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="stopped \\(SIGKILL\\)"):
        network.exchange(0, 0, NOTHING)
    assert gone(pid)
    with pytest.raises(EngineError, match="stopped by an earlier error"):
        network.exchange(0, 0, NOTHING)


def test_a_hung_worker_is_an_error_that_says_so(live: Any) -> None:
    network = live(2, worker_timeout_s=5)
    network._worker._timeout_s = 0.2
    pid = network._worker.pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match=r"no progress for 0\.2 s \(network\.worker_timeout_s\)"):
        network.exchange(0, 0, NOTHING)
    assert gone(pid)


def test_a_round_may_take_longer_than_the_timeout_while_simulated_time_moves(live: Any) -> None:
    network = live(30, side_m=60.0, deadline_s=1000.0, worker_timeout_s=1)
    began = time.monotonic()
    exchange = network.exchange(0, 0, Outbox(np.arange(30), [-1] * 30, [200_000] * 30, [0] * 30))
    assert exchange.closed_ns > 0
    assert time.monotonic() - began > 1, "the round is too short to show anything"


def test_what_a_standstill_says_names_the_simulated_time(live: Any) -> None:
    network = live(30, side_m=60.0, deadline_s=1000.0, worker_timeout_s=1)
    stop = threading.Timer(0.7, os.kill, (network._worker.pid, signal.SIGSTOP))
    stop.start()
    with pytest.raises(EngineError, match=r"no progress for 1 s .*; the simulated time stood at \d+\.\d{6} s"):
        network.exchange(0, 0, Outbox(np.arange(30), [-1] * 30, [10_000_000] * 30, [0] * 30))
    stop.join()


def test_an_abort_in_mid_simulation_is_an_error_and_a_fresh_network_goes_on(live: Any) -> None:
    outbox = Outbox(np.arange(10), [-1] * 10, [2_000_000] * 10, [0] * 10)
    network = live(10)
    abort = threading.Timer(0.2, os.kill, (network._worker.pid, signal.SIGABRT))
    abort.start()
    with pytest.raises(EngineError, match="stopped \\(SIGABRT\\)"):
        network.exchange(0, 0, outbox)
    abort.join()
    assert live(10).exchange(0, 0, NOTHING).density == 1


def test_an_assertion_of_ns3_reaches_the_user_in_its_words(live: Any) -> None:
    nonsense = {"model": "ns3::LogDistancePropagationLossModel", "ReferenceDistance": -1}
    network = live(2, loss=nonsense, channel="stock")
    with pytest.raises(EngineError, match=r"SIGABRT(?s:.*)cond=.*negative value nan"):
        network.exchange(0, 0, NOTHING)
    assert gone(network._worker.pid)


def test_closing_ends_the_process_and_may_be_done_twice(live: Any) -> None:
    network = live(2)
    network.close()
    assert gone(network._worker.pid)
    network.close()
    with pytest.raises(EngineError, match="was closed"):
        network.exchange(0, 0, NOTHING)


def test_ctrl_c_is_left_to_the_parent(live: Any) -> None:
    network = live(2)
    os.kill(network._worker.pid, signal.SIGINT)
    assert network.exchange(0, 0, NOTHING).density == 1


@pytest.mark.parametrize("busy", [False, True])
def test_the_worker_ends_with_its_parent(engine: None, busy: bool) -> None:
    """Also when the parent is killed, and also in the middle of a simulation."""
    script = f"""
import os, signal, threading, time
import numpy as np
from testbed.network.ns3 import Ns3Network
from testbed.exchange import Outbox
from testbed.scenario import parse
sections = {{"run": {{"deadline_s": 1000.0}}, "devices": {{"count": 30}}, "network": {{"side_m": 60.0}}}}
network = Ns3Network(parse(sections))
print(network._worker.pid, flush=True)
outbox = Outbox(np.arange(30), [-1] * 30, [10_000_000] * 30, [0] * 30)
if {busy}:
    threading.Thread(target=network.exchange, args=(0, 0, outbox), daemon=True).start()
    time.sleep(0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    assert gone_soon(int(parent.stdout))


def test_a_forgotten_worker_ends_too(engine: None) -> None:
    worker = Worker(timeout_s=30)
    pid = worker.pid
    del worker
    assert gone(pid)


def random_loss(variable: str) -> dict[str, str]:
    return {"model": "ns3::RandomPropagationLossModel", "Variable": variable}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"loss": {"model": "ns3::Foo"}}, r"network\.loss: 'ns3::Foo' is no .*ns3::FriisPropagationLossModel"),
        ({"loss": {"model": "ns3::Node"}}, r"network\.loss: 'ns3::Node' is no ns3::PropagationLossModel"),
        (
            {"loss": {"model": "ns3::LogDistancePropagationLossModel", "Exponen": 3}},
            r"network\.loss: .* no attribute 'Exponen'\. It has Exponent",
        ),
        (
            {"loss": {"model": "ns3::LogDistancePropagationLossModel", "Exponent": "steep"}},
            r"network\.loss: .* does not take Exponent = 'steep'",
        ),
        ({"loss": {"model": "ns3::FriisPropagationLossModel", "losses_db": [[0, 1], [1, 0]]}}, "losses_db is for"),
        ({"loss": {"model": "ns3::MatrixPropagationLossModel", "losses_db": [[0, 1]]}}, "2 rows of 2 numbers"),
        (
            {"loss": {"model": "ns3::FriisPropagationLosModel"}},
            r"network\.loss: .* It has ns3::FriisPropagationLossModel,",
        ),
        (
            {"loss": {"model": "ns3::LogDistancePropagationLossModel", "ReferenceLos": 3}},
            r"'ReferenceLos'\. It has ReferenceLoss,",
        ),
        ({"rate": "ns3::Minstrell"}, r"network\.rate: 'ns3::Minstrell' .*ns3::MinstrelWifiManager"),
        ({"loss": {"model": "ns3::Foo"}}, r"It has ns3::\w+, ns3::\w+, ns3::\w+ \(the nearest of \d\d\)\.$"),
        (
            {"loss": random_loss("ns3::UniformRandomVariabel[Min=0|Max=1]")},
            r"network\.loss\.Variable: 'ns3::UniformRandomVariabel' is no ns3::RandomVariableStream .* It has "
            r"ns3::UniformRandomVariable,",
        ),
        ({"loss": random_loss("ns3::Node")}, r"network\.loss\.Variable: 'ns3::Node' is no ns3::RandomVariableStream"),
        (
            {"loss": random_loss("ns3::UniformRandomVariable[Min=0|Maxx=1]")},
            r"network\.loss\.Variable: ns3::UniformRandomVariable has no attribute 'Maxx'\. It has Max,",
        ),
        (
            {"loss": random_loss("ns3::UniformRandomVariable[Min=low]")},
            r"network\.loss\.Variable: ns3::UniformRandomVariable does not take Min = 'low'",
        ),
        ({"loss": random_loss("ns3::UniformRandomVariable[Min=0")}, r"network\.loss: .* does not take Variable = "),
    ],
)
def test_names_that_ns3_does_not_know_are_the_users_mistake(live: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        live(2, **keys)
    assert not isinstance(caught.value, EngineError)


@pytest.mark.parametrize("variable", ["ns3::ConstantRandomVariable", "ns3::UniformRandomVariable[Min=0|Max=1]"])
def test_an_attribute_may_name_another_object(live: Any, variable: str) -> None:
    assert live(2, loss=random_loss(variable)).exchange(0, 0, NOTHING).density == 1


def test_a_refused_request_leaves_the_worker_alive(live: Any) -> None:
    network = live(2)
    network.exchange(0, 10**9, NOTHING)
    with pytest.raises(UserError, match="cannot open before the last one closed"):
        network.exchange(1, 0, NOTHING)
    assert network.exchange(1, 3 * 10**9, NOTHING).density == 1


def test_workers_run_side_by_side(live: Any) -> None:
    one, two = live(2), live(3)
    assert len(one.exchange(0, 0, NOTHING).devices) == 2
    assert len(two.exchange(0, 0, NOTHING).devices) == 3
    assert np.all(one.exchange(1, 5 * 10**9, NOTHING).links.delivery == 1)
