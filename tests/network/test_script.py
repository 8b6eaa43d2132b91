"""Scenario scripts on the official bindings: the examples, what a resumed run finds, and what mistakes say."""

import csv
import io
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, Exchange, Outbox
from testbed.network.engine import EngineError
from testbed.network.ns3 import Ns3Network
from testbed.scenario import Scenario, fingerprint, load, parse
from testbed.seeds import Purpose, integer

EXAMPLES = Path(__file__).parents[2] / "ns3_scenarios"
SECOND = 1_000_000_000
NOTHING = Outbox([], [], [], [])

Open = Callable[[Scenario], Ns3Network]


def everyone(devices: int, ready_ns: int) -> Outbox:
    return Outbox(np.arange(devices), [ALL_NEIGHBOURS] * devices, [20_000] * devices, [ready_ns] * devices)


def rounds(network: Ns3Network, *numbers: int) -> list[Exchange]:
    opened = [number * 11 * SECOND for number in numbers]
    pairs = zip(numbers, opened, strict=True)
    return [network.exchange(number, at, everyone(network.devices, at)) for number, at in pairs]


def script(folder: Path, text: str, **keys: Any) -> Scenario:
    file = folder / "script.py"
    file.write_text(text)
    return parse({"devices": {"count": 3}, "network": {"side_m": 20.0, "script": str(file)} | keys})


def setup_that(*lines: str) -> str:
    return "def setup(ns, nodes, devices, channel):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize("example", ["interferer", "building", "custom_mobility"])
def test_an_example_shapes_the_air_and_a_fresh_network_goes_on(scripted: Open, example: str) -> None:
    scenario = load(EXAMPLES / f"{example}.toml")
    whole = rounds(scripted(scenario), 0, 1, 2)
    assert rounds(scripted(scenario), 2) == whole[2:]
    assert len(whole[0].deliveries)


def test_the_interferer_takes_frames_from_devices_that_are_near(scripted: Open) -> None:
    noisy = load(EXAMPLES / "interferer.toml")
    quiet = load(EXAMPLES / "interferer.toml", {"network.script": ""})
    beside, alone = rounds(scripted(noisy), 0)[0], rounds(scripted(quiet), 0)[0]
    assert np.array_equal(beside.devices.x_m, alone.devices.x_m)
    assert beside.links.delivery.mean() < alone.links.delivery.mean()
    assert beside.deliveries.frames.sum() > alone.deliveries.frames.sum()


def test_houses_cut_the_links_through_them_and_no_others(scripted: Open) -> None:
    scenario = load(EXAMPLES / "building.toml")
    walls = scripted(scenario).exchange(0, 0, NOTHING).links
    free = scripted(load(EXAMPLES / "building.toml", {"network.script": ""})).exchange(0, 0, NOTHING).links
    behind, open_ = (
        {(int(src), int(dst)): db for src, dst, db in zip(links.src, links.dst, links.snr_db, strict=True)}
        for links in (walls, free)
    )
    drops = {link: round(open_[link] - db) for link, db in behind.items()}
    assert len(behind) < len(open_)
    assert set(drops.values()) == {0, 12}
    assert drops[0, 1] == 0, "along the front of the houses"
    assert drops[4, 5] == drops[5, 4] == 12, "through a wall"


def test_drones_are_where_the_script_says(scripted: Open) -> None:
    names = runpy.run_path(str(EXAMPLES / "custom_mobility.py"))
    devices = rounds(scripted(load(EXAMPLES / "custom_mobility.toml")), 3)[0].devices
    for i in range(10):
        radius_m, angle, turn_per_s = names["circle"](i, 10)
        x_m, y_m = names["CENTRE_M"]
        angle += turn_per_s * 33
        assert devices.x_m[i] == pytest.approx(x_m + radius_m * np.cos(angle))
        assert devices.y_m[i] == pytest.approx(y_m + radius_m * np.sin(angle))


def test_models_of_ns3_that_add_up_steps_are_resumed_to_the_same_place(scripted: Open, tmp_path: Path) -> None:
    text = setup_that(
        "mobility = ns.MobilityHelper()",
        'mobility.SetMobilityModel("ns3::RandomWalk2dMobilityModel", "Bounds", '
        "ns.RectangleValue(ns.Rectangle(-50, 50, -50, 50)))",
        "mobility.Install(nodes)",
        "mobility.AssignStreams(nodes, 2**60)",
    )
    scenario = script(tmp_path, text, mobility="script")
    whole = rounds(scripted(scenario), 0, 1, 2)
    assert rounds(scripted(scenario), 2) == whole[2:]
    assert whole[0].devices.x_m.tolist() != whole[2].devices.x_m.tolist()


def test_a_movement_trace_is_followed_as_ns3_follows_it(scripted: Open, tmp_path: Path) -> None:
    trace = tmp_path / "movement"
    trace.write_text(
        "".join(f"$node_({i}) set X_ {10 * i}\n$node_({i}) set Y_ 5\n" for i in range(3))
        + '$ns_ at 1.5 "$node_(0) setdest 30.0 40.0 2.0"\n$ns_ at 14.5 "$node_(0) setdest 30.0 0.0 1.0"\n'
        + '$ns_ at 0.0 "$node_(1) setdest 0.0 100.0 8.0"\n'
    )
    keys = {"mobility": "ns2", "mobility_file": str(trace)}
    ours = rounds(scripted(parse({"devices": {"count": 3}, "network": keys})), 0, 1, 2, 9)
    text = setup_that(f"ns.Ns2MobilityHelper({str(trace)!r}).Install()")
    theirs = rounds(scripted(script(tmp_path, text, mobility="script")), 0, 1, 2, 9)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.devices.x_m, other.devices.x_m, atol=1e-6)
        np.testing.assert_allclose(one.devices.y_m, other.devices.y_m, atol=1e-6)


def test_a_default_that_a_script_sets_does_not_reach_the_next_world(scripted: Open, tmp_path: Path) -> None:
    text = setup_that('ns.Config.SetDefault("ns3::WifiPhy::TxPowerEnd", ns.DoubleValue(-40))')
    scenario = script(tmp_path, text, side_m=60.0)
    assert rounds(scripted(scenario), 0) == rounds(scripted(scenario), 0)


def test_the_search_for_a_density_hears_the_houses(scripted: Open) -> None:
    keys = {"network.density": 0.5, "network.placement": "uniform", "network.mobility": "redraw"}
    behind = scripted(load(EXAMPLES / "building.toml", keys))
    seen = [behind.exchange(i, i * 11 * SECOND, NOTHING).density for i in range(10)]
    assert np.mean(seen) == pytest.approx(0.5, abs=0.03)
    free = scripted(load(EXAMPLES / "building.toml", keys | {"network.script": ""}))
    assert behind.side_m < 0.9 * free.side_m


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (setup_that("pass", "1 / 0"), r"script\.py, line 3: ZeroDivisionError: division by zero"),
        ("import nonsense_that_is_not_there\n", r"script\.py, line 1: ModuleNotFoundError"),
        ("def setup(ns):\n    pass\n", r"script\.py: TypeError: setup\(\) takes 1 positional argument but 4"),
        (
            "def set_up(ns, nodes, devices, channel):\n    pass\n",
            r"has no function setup\(ns, nodes, devices, channel\)",
        ),
        ("def setup(ns nodes):\n", r"script\.py, line 1, is no Python: "),
        ("\0", r"script\.py.* is no Python"),
        (setup_that("raise SystemExit(3)"), r"script\.py, line 2: SystemExit: 3"),
        (setup_that("ns.Nodee()"), r"script\.py, line 2: AttributeError: .*Nodee"),
    ],
)
def test_a_mistake_in_a_script_names_file_and_line(scripted: Open, tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=rf"^network\.script: (?s:.*){words}") as caught:
        scripted(script(tmp_path, text))
    assert not isinstance(caught.value, EngineError)


def test_a_function_that_a_script_made_an_event_says_what_it_raised(scripted: Open, tmp_path: Path) -> None:
    text = setup_that(
        'ns.cppyy.cppdef("ns3::EventImpl* late_event(std::function<void()> f) { return ns3::MakeEvent(f); }")',
        "ns.Simulator.Schedule(ns.Seconds(0.5), ns.cppyy.gbl.late_event(late))",
    )
    network = scripted(script(tmp_path, text + "\n\ndef late():\n    raise KeyError('too late')\n"))
    with pytest.raises(UserError, match=r"network\.script: an event raised KeyError: .*too late.*script\.py:7 in late"):
        network.exchange(0, 0, NOTHING)


def test_a_script_that_moves_nobody_is_an_error(scripted: Open, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"script\.py gives device 0 no mobility model"):
        scripted(script(tmp_path, setup_that("pass"), mobility="script"))


def test_what_needs_a_script_and_what_it_excludes(live: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r'mobility = "script" needs network\.script'):
        live(2, mobility="script")
    with pytest.raises(UserError, match=r"network\.script = .*missing\.py' cannot be read: No such file"):
        live(2, script=str(tmp_path / "missing.py"))
    with pytest.raises(UserError, match=r"network\.density is for places that the testbed knows"):
        live(2, density=0.5, script="x.py", mobility="script")


def test_with_a_script_nobody_is_left_out_of_the_air(scripted: Open) -> None:
    scenario = load(EXAMPLES / "interferer.toml")
    stock = load(EXAMPLES / "interferer.toml", {"network.channel": "stock"})
    assert rounds(scripted(scenario), 0) == rounds(scripted(stock), 0)


def test_the_hash_follows_the_content_of_the_script(tmp_path: Path) -> None:
    one = fingerprint(script(tmp_path, setup_that("pass")))
    assert one != fingerprint(script(tmp_path, setup_that("print()")))
    assert one == fingerprint(script(tmp_path, setup_that("pass")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            setup_that('ns.ObjectFactory("ns3::HybridBuildingPropagationLossModel")'),
            r"not found(?s:.*)nearest to .*: ns3::HybridBuildingsPropagationLossModel,(?s:.*)script\.py\", line 2",
        ),
        (
            setup_that('ns.Config.SetDefault("ns3::YansWifiPhy::TxPowerStrat", ns.DoubleValue(1))'),
            r"nearest to ns3::YansWifiPhy::TxPowerStrat: ns3::WifiPhy::TxPowerStart,(?s:.*)script\.py\", line 2",
        ),
        (
            setup_that('channel.SetAttribute("PropagationLos", ns.StringValue(""))'),
            r"does not exist(?s:.*)nearest to .*::PropagationLos: ns3::YansWifiChannel::PropagationLossModel,",
        ),
        (setup_that("while True:", "    pass"), r"no progress for 5 s \(network\.worker_timeout_s\)"),
        (setup_that("import os", "os.abort()"), r"stopped \(SIGABRT\)(?s:.*)script\.py\", line 3 in setup"),
    ],
)
def test_what_ends_ns3_is_said_in_its_words(live: Any, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "script.py"
    file.write_text(text)
    with pytest.raises(EngineError, match=words):
        live(2, script=str(file), worker_timeout_s=5)


def test_the_engine_finds_the_links_that_the_official_bindings_find(live: Any, tmp_path: Path) -> None:
    """Same streams, same jitters, same frame lengths, written a second time: ns3_scenarios/adhoc_bindings.py."""
    seed, devices = 5, 30
    places = np.random.default_rng(0).uniform(0, 160, (devices, 2)).round(3)
    file = tmp_path / "places.csv"
    file.write_text("x_m,y_m\n" + "".join(f"{x},{y}\n" for x, y in places))
    keys = {"side_m": None, "mobility": "static", "placement": "file", "mobility_file": str(file)}
    links = live(devices, seed=seed, **keys).exchange(0, 0, NOTHING).links
    program = [sys.executable, str(EXAMPLES / "adhoc_bindings.py"), str(integer(seed, Purpose.RADIO)), str(file)]
    printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    rows = [(int(row["src"]), int(row["dst"]), float(row["heard"])) for row in csv.DictReader(io.StringIO(printed))]
    assert rows == list(zip(links.src.tolist(), links.dst.tolist(), links.delivery.tolist(), strict=True))
    assert len(set(links.delivery)) > 2, "a place where every hello is heard shows little"
