"""Scenario files: what is read, what is refused, and how it is said."""

import json
import shutil
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.places import bundled
from testbed.scenario import Scenario, dumps, fingerprint, load, parse
from testbed.scenario.algorithms import title

REPLAY = '[network]\nkind = "replay"\ntrace = "air"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "scenario.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_written_scenario_reads_back_the_same(tmp_path: Path) -> None:
    scenario = parse({"network": {"kind": "graph", "density": 0.3}, "devices": {"profile": ["laptop", "phone"]}})
    assert load(write(tmp_path, dumps(scenario))) == scenario


@pytest.mark.parametrize("override", ["run.seed=7", " run.seed = 7 ", 'run.seed="7"'])
def test_an_override_takes_the_place_of_a_key(tmp_path: Path, override: str) -> None:
    assert load(write(tmp_path, "[run]\nseed = 1\n"), [override]).run.seed == 7


def test_a_replay_of_what_a_rate_manager_sent_is_a_scenario() -> None:
    network = parse({"network": {"kind": "replay", "rate": "ns3::MinstrelWifiManager"}}).network
    assert network.rate_bps() is None


def test_overrides_are_toml_or_bare_words(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    scenario = load(file, ["network.speed_mps=[2, 3]", "run.name=mine", "network.loss={model='ns3::Nakagami'}"])
    assert scenario.network.speed_mps == (2, 3)
    assert scenario.run.name == "mine"
    assert scenario.network.losses() == ({"model": "ns3::Nakagami"},)


def test_density_and_side_override_each_other(tmp_path: Path) -> None:
    file = write(tmp_path, "[network]\ndensity = 0.5\n")
    assert load(file, ["network.side_m=100"]).network.density is None


def test_a_graph_file_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "net.edgelist").write_text("0 1\n")
    scenario = load(write(tmp_path, '[network]\nkind = "graph"\ngraph = "net.edgelist"\n'))
    assert Path(scenario.network.graph) == (tmp_path / "net.edgelist").resolve()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[netwrk]\n", "netwrk is not a section; did you mean network?"),
        ("[network]\ndensty = 0.5\n", "network.densty is not a key; did you mean network.density?"),
        ("[network]\nzzz = 1\n", "network.zzz is not a key; known are kind, density"),
        ("[network]\ndensity = 1.5\n", "network.density = 1.5 is not possible: it should be less than or equal to 1"),
        ("[devices]\ncount = 0\n", "devices.count = 0 is not possible: it should be greater than 0"),
        ("[algorithm]\nlr = -0.1\n", "algorithm.lr = -0.1 is not possible: it should be greater than 0"),
        ("[algorithm]\nlr = nan\n", "algorithm.lr = nan is not possible: it should be a finite number"),
        ("[run]\nrounds = 1.5\n", "run.rounds = 1.5 is not possible"),
        ("[run]\ndeadline_s = 0.5\n", "run.deadline_s = 0.5 should be above network.hello_s = 1"),
        ("[network]\ndensity = 0.5\nside_m = 9\n", "network.density and network.side_m exclude each other"),
        ('[network]\nrate = "25Mbps"\n', "network.rate = '25Mbps' should be an 802.11a rate (6, 9, 12"),
        ('[network]\nkind = "graph"\nrate = "0Mbps"\n', "should be a rate such as"),
        ('[network]\nkind = "graph"\ngraph = "ring"\ndensity = 0.5\n', "'ring' has its own"),
        ("[network]\nspeed_mps = [5, 1]\n", "the slowest speed, then the fastest"),
        ("[network]\nloss = {Exponent = 3}\n", "needs a key `model`"),
        ('[network]\nkind = "wire"\n', "it should be 'ns3', 'replay' or 'graph'"),
        ("run = 3\n", "run = 3 should be a section, written [run]"),
        ('[run]\nname = "../x"\n', "run.name = '../x' is not possible"),
        ("[run\n", "is not valid TOML"),
        ("seed = 3\n", "seed stands outside a section; did you mean run.seed?"),
        ("[devices]\ncount = true\n", "devices.count = true is neither a number nor a text"),
        ('[model]\nname = "cnnn"\n', "did you mean 'cnn'?"),
        ("[network]\nrate = 24\n", 'network.rate = 24 should be a text, in quotes: "24"'),
        ('[network]\nkind = "graph"\nrate = "0.4bps"\n', "should be a rate such as"),
        ("[network]\nloss = []\n", "network.loss"),
        ("[run]\ndeadline_s = 1e300\n", "run.deadline_s = 1e+300 is not possible"),
        ("[network]\nfrom_s = 5\nto_s = 5\n", "network.from_s = 5 should be before network.to_s = 5"),
        (f"{REPLAY}time_scale = 2\n", 'network.time_scale = 2 is for network.replay = "links"'),
        (f'{REPLAY}at_end = "hold"\n', 'network.at_end = "hold" is for network.replay = "links"'),
        (f'{REPLAY}at_end = "lop"\n', "did you mean 'loop'?"),
        (f"{REPLAY}nodes = [3, 5]\n", "network.nodes lists 2 nodes for devices.count = 20"),
        ("[network]\nnodes = [3, 1, 3]\n", "network.nodes names node 3 2 times"),
        ("[network]\nnodes = [-1]\n", "network.nodes = -1 is not possible: it should be greater than or equal to 0"),
        ("[algorithm]\nmomentum = 1.0\n", "algorithm.momentum = 1.0 is not possible: it should be less than 1"),
        ("[algorithm]\nclip = 0\n", "algorithm.clip = 0 is not possible: it should be greater than 0"),
        ("[algorithm]\nweight_decay = -1\n", "algorithm.weight_decay = -1 is not possible"),
        ('[algorithm]\nschedule = "cosin"\n', "did you mean 'cosine'?"),
        ('[algorithm]\nschedule = "step"\n', 'algorithm.schedule = "step" needs algorithm.decay_rounds'),
        ("[algorithm]\ndecay_rounds = [5, 5]\n", "algorithm.decay_rounds = [5, 5] should be ascending"),
        ("[algorithm]\ndecay_rounds = [5]\n", 'algorithm.decay_rounds is for algorithm.schedule = "step"; it is'),
        (
            '[algorithm]\nschedule = "step"\ndecay_rounds = [50, 100]\n',
            "algorithm.decay_rounds = [50, 100] should be below run.rounds = 100",
        ),
        ("[algorithm]\nspacing = 1e-10\n", "algorithm.spacing = 1e-10 is not possible"),
        ("[algorithm]\nspacing = 1e4\n", "algorithm.spacing = 10000.0 is not possible"),
        ('[algorithm]\nname = "qqqq"\n', "is not an algorithm; known are"),
        ('[algorithm]\nname = "dpsg"\n', "is not an algorithm; did you mean 'dpsgd'? Known are"),
        ("[algorithm]\nwarmup_rounds = 101\n", "warmup_rounds = 101 should be at most run.rounds = 100"),
        ('[output]\nevaluate = "validation"\n', 'output.evaluate = "validation" needs data.validation'),
        ('[data]\nname = "reuters-r8"\n', 'are texts, which model.name = "logistic" cannot read: take "minilm"'),
        ('[data]\nname = "20newsgroups"\n[model]\nname = "cnn"\n', 'model.name = "cnn" cannot read: take "minilm"'),
        ('[model]\nname = "minilm"\n', 'reads texts, and data.name = "mnist5k" are images'),
        (
            '[model]\nname = "efficientnet-lite0"\n[data]\npixels = "standard"\n',
            'model.name = "efficientnet-lite0" scales pixels as it was trained with: take data.pixels = "unit"',
        ),
        (
            '[model]\nname = "minilm"\ninit = "he"\n[data]\nname = "reuters-r8"\n',
            "model.init is for models that are not",
        ),
        ('[model]\ninit = "zeros"\n', "model.init = 'zeros' is not possible"),
        ('[model]\npath = "x"\n', "model.path is for pretrained models (minilm, efficientnet-lite0)"),
        ("[data]\nlength = 513\n", "data.length = 513 is not possible: it should be less than or equal to 512"),
        ("[data]\nlabels = 0\n", "data.labels = 0 is not possible"),
        ("[lora]\nrank = [4, 2, 1, 0]\n", "lora.rank = 0 is not possible: it should be greater than 0"),
        ("[run]\ndeadline_s = [2, 0]\n", "run.deadline_s = 0 is not possible: it should be greater than"),
        ('[lora]\ntarget = "fc9"\n', "lora.target = 'fc9' should be a list of names: [\"fc9\"]."),
        (
            '[lora]\nmetrics = "difficulty"\n',
            "lora.metrics = 'difficulty' should be a list of names: [\"difficulty\"].",
        ),
        ("[algorithm]\ndecay_rounds = 5\n", "algorithm.decay_rounds = 5 should be a list."),
        ('[devices]\nchurn_s = "5"\n', "devices.churn_s = '5' should be a list."),
        (
            '[run]\nrounds = 5\n[lora]\npolicy = "autorank"\nflood_rounds = 5\n',
            "run.rounds = 5 should be above lora.flood_rounds = 5: ",
        ),
        ('[network]\nnodes = "busyest"\n', "did you mean 'busiest'? Known are 'all', 'first', 'busiest' or 'random'"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UserError) as raised:
        load(file)
    assert said in str(raised.value)
    assert str(file) in str(raised.value)


def test_rounds_of_a_flood_are_for_autorank() -> None:
    assert parse({"run": {"rounds": 5}, "lora": {"flood_rounds": 5}}).lora is not None
    assert parse({"run": {"rounds": 6}, "lora": {"policy": "autorank", "flood_rounds": 5}}).run.rounds == 6


def test_keys_of_a_replay_are_passed_over_by_other_networks() -> None:
    keys = {"time_scale": 2, "at_end": "hold", "nodes": [3, 5], "from_s": 1}
    assert parse({"network": {"kind": "graph", **keys}}).network.nodes == (3, 5)
    assert (
        parse({"network": {"kind": "replay", "replay": "links", **keys}, "devices": {"count": 2}}).network.from_s == 1
    )


def test_a_bundled_trace_keeps_its_name_wherever_the_scenario_is(tmp_path: Path) -> None:
    file = write(tmp_path, REPLAY.replace("air", "bundled/mesh20-half"))
    assert load(file).network.trace == "bundled/mesh20-half"
    assert load(file, ["network.trace=bundled/mesh20-dense"]).network.trace == "bundled/mesh20-dense"
    assert load(file, ["network.trace=./bundled/mine"]).network.trace == str(Path("bundled/mine").resolve())


@pytest.mark.parametrize("line", ['title = "Mine"', 'title: ClassVar[str] = "Mine"'])
def test_the_title_of_a_file_of_ones_own(tmp_path: Path, line: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"class Mine(Algorithm):\n    {line}\n")
    assert title(str(file)) == "Mine"
    assert title("dpsgd") == "D-PSGD"


def test_a_model_of_ones_own_may_be_moved_but_not_changed(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    text = '[data]\nname = "reuters-r8"\n[model]\nname = "minilm"\npath = "bert"\n'
    for folder in (here, there):
        (folder / "bert").mkdir(parents=True)
        (folder / "bert" / "model.safetensors").write_bytes(b"weights")
    one, moved = (load(write(folder, text)) for folder in (here, there))
    assert one.model.path == str(here / "bert")
    assert fingerprint(one) == fingerprint(moved)
    (there / "bert" / "model.safetensors").write_bytes(b"others")
    assert fingerprint(one) != fingerprint(moved)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        load(write(tmp_path, "[run]\nseed = -1\n[devices]\ncount = 0\n"))
    assert len(str(raised.value).splitlines()) == 2


def test_a_shape_is_never_taken_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring").mkdir()
    file = write(tmp_path, '[network]\nkind = "graph"\ngraph = "ring"\n')
    assert load(file, ["network.graph=ring"]).network.graph == "ring"


def test_paths_are_whole_wherever_they_are_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file = write(tmp_path, '[network]\nkind = "graph"\ngraph = "a.gml"\n')
    assert load(file).network.graph == str(tmp_path / "a.gml")
    assert load(file, ["network.graph=b.gml"]).network.graph == str(tmp_path / "elsewhere/b.gml")
    assert load(file, ["network.trace=air"]).network.trace == str(tmp_path / "elsewhere/air")


@pytest.mark.parametrize("overrides", [["network.graph=ring"], ["network.density="], ["network.density=0.7"]])
def test_an_override_takes_away_what_cannot_stand_beside_it(tmp_path: Path, overrides: list[str]) -> None:
    file = write(tmp_path, '[network]\nkind = "graph"\ndensity = 0.5\n')
    assert load(file, overrides).network.density == (0.7 if "0.7" in overrides[0] else None)


def test_a_graph_in_place_of_a_live_network_needs_no_side(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[network]\nside_m = 9\n"), ["network.kind=graph"]).network.side_m is None


@pytest.mark.parametrize("override", ["seed=3", "run.seed", "=3", "run=3"])
def test_an_override_that_names_no_key_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(UserError, match=r"write section\.key=value"):
        load(write(tmp_path, ""), [override])


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no scenario file"):
        load(tmp_path / "none.toml")


def test_a_binary_file_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as a scenario"):
        load(file)


def test_a_later_key_leaves_the_fingerprint_of_scenarios_without_it() -> None:
    """What was run before is known again: a new key that is not set belongs into `files.LATER`."""
    assert fingerprint(Scenario()) == "97e5f30034ff8af83459b33ef2d93b0d277d6e527d61d47c307f14c33eb45530"
    assert fingerprint(parse({"model": {"accelerator": "cuda"}})) != fingerprint(Scenario())


def test_the_fingerprint_sees_what_decides_results_and_nothing_else() -> None:
    plain = fingerprint(Scenario())
    assert fingerprint(parse({"run": {"name": "other"}, "output": {"checkpoint_s": 1}})) == plain
    assert fingerprint(parse({"run": {"seed": 2}})) != plain
    assert fingerprint(parse({"algorithm": {"lr": 0.02}})) != plain


def replayed(trace: object) -> str:
    return fingerprint(parse({"network": {"kind": "replay", "trace": str(trace)}}))


def test_the_fingerprint_is_of_what_a_trace_holds_wherever_it_lies(tmp_path: Path) -> None:
    air = shutil.copytree(bundled() / "mesh20-sparse", tmp_path / "run" / "trace")
    assert replayed(air) == replayed(air.parent) == replayed("bundled/mesh20-sparse")
    assert replayed("bundled/mesh20-sparse") != replayed("bundled/mesh20-half")
    before = replayed(air)
    (air / "header.json").write_text((air / "header.json").read_text().replace('"links": "', '"links": "0'))
    assert replayed(air) != before


def test_the_fingerprint_of_an_unfinished_trace_is_of_its_tables(tmp_path: Path) -> None:
    air = shutil.copytree(bundled() / "mesh20-sparse", tmp_path / "air")
    tree = json.loads((air / "header.json").read_text())
    (air / "header.json").write_text(json.dumps({**tree, "checksums": {}}))
    before = replayed(air)
    (air / "links.parquet").write_bytes(b"other")
    assert replayed(air) != before
