"""The one typed description of an experiment: every section and key, its default and what it means.

The command line, the error messages and `docs/scenario.md` are all made from these definitions.
"""

import math
import re
from collections import Counter
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from testbed.scenario.algorithms import complaint
from testbed.scenario.lora import Lora
from testbed.scenario.section import Section

OFDM_RATES_MBPS = (6, 9, 12, 18, 24, 36, 48, 54)
"""The rates of 802.11a on a 20 MHz channel."""

GRAPH_FILES = (".graphml", ".gexf", ".gml", ".edgelist", ".adjlist")
"""Endings of the graph files that networkx reads for us."""

Seconds = Annotated[float, Field(ge=0, le=1e6)]
PositiveSeconds = Annotated[float, Field(ge=1e-6, le=1e6)]


def _is_finite(tree: Any) -> bool:
    """Whether all numbers in a tree of tables and lists are."""
    if isinstance(tree, dict | list | tuple):
        return all(_is_finite(each) for each in (tree.values() if isinstance(tree, dict) else tree))
    return not isinstance(tree, float) or math.isfinite(tree)


class Run(Section):
    """`[run]`: how long and in which order."""

    name: str = Field(
        "run", min_length=1, pattern=r"^[\w.-]+$", description="Name of the run; letters, digits, `_`, `-`, `.`."
    )
    seed: NonNegativeInt = Field(1, description="Everything random follows from it.")
    rounds: PositiveInt = Field(100, description="Rounds of training, exchange and mixing.")
    mode: Literal["barrier", "local", "async"] = Field(
        "barrier",
        description="`barrier`: all devices wait for the round to close; `local`: each device mixes when its "
        "neighbours' messages are in, or at its own deadline, and goes on; `async`: no rounds, devices train, and meet "
        "in pairs.",
    )
    deadline_s: PositiveSeconds | Annotated[tuple[PositiveSeconds, ...], Field(min_length=1)] = Field(
        10.0,
        description="Simulated seconds after which a round closes at the latest (`barrier`), or a device waits no "
        "longer (`local`: since its round began; `async`: since its meeting began; here also a list, dealt in turn).",
    )
    loss_bound: PositiveFloat = Field(
        1e6, description="Training loss of a device beyond which the run has diverged and stops."
    )
    period_s: PositiveSeconds | None = Field(
        None,
        description="`local`, `async`: simulated seconds that a row of the tables stands for; it has no default. "
        "`barrier`: how long a round lasts at the least.",
    )

    def deadlines_s(self) -> tuple[float, ...]:
        """The deadlines that are dealt out in turn; one in `barrier` mode."""
        return (self.deadline_s,) if isinstance(self.deadline_s, float) else self.deadline_s


class Devices(Section):
    """`[devices]`: who takes part."""

    count: PositiveInt = Field(20, description="Number of devices.")
    profile: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        "raspberry-pi-4", description="Compute profile of every device, or a list of profiles dealt out in turn."
    )
    straggler_share: float = Field(
        0.0, ge=0, le=1, description="Share of the devices, drawn by the seed, that are slow."
    )
    straggler_slowdown: float = Field(5.0, ge=1, le=1e6, description="How many times as long those compute.")
    compute_spread: float = Field(
        0.0,
        ge=0,
        le=3,
        description="Sigma of a log-normal factor (median 1), drawn for each device and round, on the compute time.",
    )
    churn_file: str | None = Field(
        None, description="CSV file `device,from_s,until_s`: the intervals in which devices are away."
    )
    churn_s: tuple[PositiveSeconds, PositiveSeconds] | None = Field(
        None, description="Mean seconds here and away of a two-state Markov process, drawn for each device."
    )
    battery_j: PositiveFloat | None = Field(
        None, description="Energy that every device begins with; one that has used it up is away for good."
    )
    voltage_v: PositiveFloat = Field(
        3.0, description="Supply voltage of the radio; it and the currents are ns-3's (Halperin et al. 2010)."
    )
    tx_a: float = Field(0.38, ge=0, le=100, description="Current of the radio while sending, in ampere.")
    rx_a: float = Field(0.313, ge=0, le=100, description="While receiving.")
    busy_a: float = Field(0.273, ge=0, le=100, description="While the air is busy with what it cannot receive.")
    idle_a: float = Field(0.273, ge=0, le=100, description="While idle.")

    @model_validator(mode="after")
    def _leave_in_one_way(self) -> Self:
        if self.churn_file is not None and self.churn_s is not None:
            raise ValueError("devices.churn_file and devices.churn_s exclude each other: state one of them")
        return self


class Network(Section):
    """`[network]`: the air between the devices."""

    kind: Literal["ns3", "replay", "graph"] = Field(
        "ns3", description="`ns3`: live 802.11a; `replay`: a recorded trace; `graph`: an abstract graph, no radio."
    )
    density: float | None = Field(
        None, gt=0, le=1, description="Wanted share of all device pairs that are linked; stands in place of `side_m`."
    )
    side_m: PositiveFloat | None = Field(
        None, description="Side of the square that devices move in, in metres (`ns3`)."
    )
    mobility: Literal["static", "redraw", "random-waypoint", "gauss-markov", "ns2", "script"] = Field(
        "redraw",
        description="`static`: placed once; `redraw`: new uniform places every round (or period); `random-waypoint`, "
        "`gauss-markov`: ns-3's models; `ns2`: a movement trace; `script`: the scenario script moves the devices.",
    )
    placement: Literal["uniform", "grid", "disc", "file"] = Field("uniform", description="Places of `static` devices.")
    mobility_file: str | None = Field(
        None, description="`ns2`: movement trace of ns-2; placement `file`: CSV file with the columns `x_m,y_m`."
    )
    speed_mps: tuple[PositiveFloat, PositiveFloat] = Field(
        (1.0, 5.0), description="Slowest and fastest speed of `random-waypoint` and `gauss-markov`."
    )
    memory: float = Field(0.85, ge=0, le=1, description="`gauss-markov`: 0 is a random walk, 1 a straight line.")
    step_s: PositiveSeconds = Field(1.0, description="`gauss-markov`: seconds between changes of course.")
    pause_s: Seconds = Field(1.0, description="Pause at each waypoint.")
    loss: str | dict[str, Any] | Annotated[tuple[dict[str, Any], ...], Field(min_length=1)] = Field(
        "log-distance",
        description="Path loss: `log-distance` (exponent 3, 46.68 dB at 1 m), or a table with `model` (an ns-3 class "
        "name) and its attributes, or a list of such tables that are chained.",
    )
    fading: Literal["none", "nakagami"] = Field("none", description="Fast fading, drawn for each link and frame.")
    nakagami_m: float = Field(1.0, ge=0.5, le=100, description="Shape of the fading; 1 is Rayleigh's.")
    channel: Literal["culled", "stock"] = Field(
        "culled",
        description="`culled`: frames are simulated where they can be heard, with the outcome of `stock`, ns-3's own.",
    )
    script: str | None = Field(
        None, description="Python file whose `setup(ns, nodes, devices, channel)` shapes the ns-3 world."
    )
    rate: str = Field(
        "24Mbps",
        description="`ns3`: an 802.11a rate (6, 9, 12, 18, 24, 36, 48, 54 Mbps) or an ns-3 rate manager "
        "(`ns3::MinstrelWifiManager`); `graph`: the rate of every link.",
    )
    tx_power_dbm: float = Field(16.0206, ge=-50, le=50, description="Transmit power.")
    transport: Literal["broadcast", "unicast", "tcp"] = Field(
        "broadcast",
        description="`broadcast`: one transmission serves all neighbours; `unicast`: to each neighbour frame by frame, "
        "with the MAC's acknowledgements; `tcp`: ns-3's TCP to each neighbour.",
    )
    repair: Literal["fountain", "nack", "none"] = Field(
        "fountain",
        description="`broadcast`: `fountain`: rateless code, sent until all neighbours are done; `nack`: neighbours "
        "name the frames they miss; `none`: every frame once.",
    )
    load: float = Field(
        0.45, gt=0, le=10, description="Pacing: the share of the air that all devices within two hops use between them."
    )
    payload_bytes: int = Field(1472, ge=64, le=2240, description="Message bytes in a frame.")
    hellos: PositiveInt = Field(5, description="Hello frames of every device at the start of each round.")
    hello_s: PositiveSeconds = Field(1.0, description="Time over which the hellos are spread.")
    hello_share: float = Field(
        0.6, gt=0, le=1, description="Share of a neighbour's hellos to be heard, both ways, for a link."
    )
    graph: str = Field(
        "erdos-renyi",
        description="`graph`: `erdos-renyi` (of the given density, redrawn each round), `ring`, `line`, `star`, "
        "`complete`, `empty`, or a file that networkx reads (.graphml, .gexf, .gml, .edgelist, .adjlist).",
    )
    latency_s: Seconds = Field(0.001, description="`graph`: latency of every link.")
    trace: str | None = Field(
        None,
        description="`replay`: folder of a recorded or imported trace, or `bundled/NAME`, one that comes with testbed.",
    )
    replay: Literal["exact", "links"] = Field(
        "exact",
        description="`replay`: `exact`: the recorded messages arrive when they did; `links`: the recorded links "
        "decide, and every message is timed anew from its own size.",
    )
    from_s: float | None = Field(
        None,
        ge=-1e10,
        le=1e10,
        description="`replay`: where in the trace to begin, in the trace's own seconds; recorded rounds are taken "
        "whole. The run's clock begins there, at 0.",
    )
    to_s: float | None = Field(
        None, ge=-1e10, le=1e10, description="`replay`: where in the trace to end, in the trace's own seconds."
    )
    at_end: Literal["error", "loop", "hold"] = Field(
        "error",
        description="`replay`: when the trace ends before the run: an `error`; `loop`: it begins again; `hold` "
        '(`replay = "links"`): its last links stay.',
    )
    time_scale: PositiveFloat = Field(
        1.0,
        le=1e9,
        description='`replay = "links"`: simulated seconds for one second of the trace; 0.001 plays a thousand times '
        "as fast.",
    )
    nodes: Literal["all", "first", "busiest", "random"] | Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (
        Field(
            "all",
            description="`replay`: which nodes of the trace are the devices: `all`; as many as there are devices, the "
            "`first`, `busiest` (longest linked) or `random` ones (drawn by the seed); or a list, device by device.",
        )
    )
    beacon_s: PositiveSeconds = Field(
        1.0, ge=1e-3, description="`local`, `async`: seconds between hellos of a device, once its first ones are out."
    )
    cache: Literal["use", "off"] = Field(
        "use", description="Whether an air that was simulated before is taken from the cache of traces."
    )
    worker_timeout_s: PositiveSeconds = Field(
        600.0,
        description="`ns3`: wall-clock seconds without simulated progress after which the simulator counts as hung.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.side_m is not None and self.density is not None:
            raise ValueError("network.density and network.side_m exclude each other: state one of them")
        if self.side_m is not None and self.kind == "graph":
            raise ValueError('network.side_m is for kind = "ns3"; a graph has a density')
        if self.density is not None and self.kind == "graph" and self.graph != "erdos-renyi":
            raise ValueError(f'network.density is for graph = "erdos-renyi"; {self.graph!r} has its own')
        if self.speed_mps[0] > self.speed_mps[1]:
            raise ValueError(
                f"network.speed_mps = {list(self.speed_mps)} should be the slowest speed, then the fastest"
            )
        self._check_replay()
        self.rate_bps()
        for model in self.losses():
            if not _is_finite(model):
                raise ValueError("network.loss holds a number that is not finite")
            if not isinstance(model.get("model"), str):
                raise ValueError(f"network.loss = {model!r} needs a key `model`, the name of an ns-3 loss model")
        return self

    def _check_replay(self) -> None:
        """Of a trace: what is impossible whatever the kind, and what `exact` cannot do where it is to be played."""
        if self.from_s is not None and self.to_s is not None and self.from_s >= self.to_s:
            raise ValueError(f"network.from_s = {self.from_s:g} should be before network.to_s = {self.to_s:g}")
        for node, times in Counter(self.nodes if isinstance(self.nodes, tuple) else ()).items():
            if times > 1:
                raise ValueError(f"network.nodes names node {node} {times} times: a node is one device")
        if self.kind != "replay" or self.replay != "exact":
            return
        if self.time_scale != 1:
            raise ValueError(
                f'network.time_scale = {self.time_scale:g} is for network.replay = "links"; an "exact" replay keeps '
                "the recorded times"
            )
        if self.at_end == "hold":
            raise ValueError(
                'network.at_end = "hold" is for network.replay = "links"; an "exact" replay can only "loop"'
            )

    @property
    def wanted_density(self) -> float:
        """The density to aim at where no side length is given."""
        return 0.5 if self.density is None else self.density

    def rate_bps(self) -> int | None:
        """The constant rate, or None where an ns-3 rate manager decides."""
        if self.kind != "graph" and self.rate.startswith("ns3::"):
            return None
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMG]?)(?:bps|b/s)", self.rate)
        rate = round(float(match[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[match[2]]) if match else 0
        if rate == 0:
            raise ValueError(f'network.rate = {self.rate!r} should be a rate such as "24Mbps"')
        if self.kind == "ns3" and rate not in [mbps * 1_000_000 for mbps in OFDM_RATES_MBPS]:
            rates = ", ".join(map(str, OFDM_RATES_MBPS))
            raise ValueError(f"network.rate = {self.rate!r} should be an 802.11a rate ({rates} Mbps) or a rate manager")
        return rate

    def losses(self) -> tuple[dict[str, Any], ...]:
        """The chain of loss models, each a table with `model` and attributes."""
        if isinstance(self.loss, str):
            if self.loss != "log-distance":
                raise ValueError(f'network.loss = {self.loss!r} should be "log-distance" or a table with a key `model`')
            return ({"model": "ns3::LogDistancePropagationLossModel", "Exponent": 3.0, "ReferenceLoss": 46.6777},)
        return (self.loss,) if isinstance(self.loss, dict) else self.loss


class Data(Section):
    """`[data]`: what the devices learn from, and how it is dealt out."""

    name: Literal["mnist5k", "mnist", "fashion-mnist", "cifar10", "reuters-r8", "20newsgroups"] = Field(
        "mnist5k", description="Data set: images, or texts (`reuters-r8`, `20newsgroups`)."
    )
    partition: Literal["iid", "dirichlet", "shards", "double-imbalanced"] = Field(
        "dirichlet",
        description="How training samples are dealt out; `double-imbalanced`: devices differ in how many they have, "
        "and of how many labels.",
    )
    alpha: PositiveFloat = Field(0.1, description="`dirichlet`: concentration; small is skewed.")
    shards: PositiveInt = Field(2, description="`shards`: label-sorted shards per device.")
    labels: PositiveInt = Field(
        3, description="`double-imbalanced`: labels that a device has at most; how many is drawn for each, from 1 on."
    )
    beta: PositiveFloat = Field(
        0.5, description="`double-imbalanced`: concentration of the devices' sizes; small is skewed."
    )
    length: int = Field(
        64, ge=3, le=512, description="Tokens of a text, the two at its ends included; what is longer is cut off."
    )
    pixels: Literal["unit", "standard"] = Field(
        "unit", description="`unit`: pixels from 0 to 1; `standard`: mean 0 and standard deviation 1 in each channel."
    )
    validation: NonNegativeInt = Field(
        0, description="Training samples held out, drawn by the seed: devices never train on them."
    )


class Model(Section):
    """`[model]`: what every device trains."""

    name: Literal["logistic", "mlp", "cnn", "minilm", "efficientnet-lite0"] = Field(
        "logistic",
        description="`logistic`, `mlp`, `cnn` (fitted to the images' size); or pretrained, for the adapters of "
        "`[lora]`: `minilm` for texts, `efficientnet-lite0` for images.",
    )
    path: str | None = Field(
        None,
        description="`minilm`, `efficientnet-lite0`: folder of the model's files; by default where "
        "`testbed data fetch` puts them.",
    )
    execution: Literal["auto", "batched", "loop"] = Field(
        "auto", description="Local steps of all devices at once, one by one, or whichever is faster for this model."
    )


TEXTS = ("reuters-r8", "20newsgroups")
PRETRAINED = ("minilm", "efficientnet-lite0")


def unfit(data: Data, model: Model) -> str | None:
    """What is wrong with such a model on such data, if anything."""
    if data.name in TEXTS and model.name != "minilm":
        return f'data.name = "{data.name}" are texts, which model.name = "{model.name}" cannot read: take "minilm"'
    if data.name not in TEXTS and model.name == "minilm":
        return (
            f'model.name = "minilm" reads texts, and data.name = "{data.name}" are images: take a model for images, or '
            f"{' or '.join(TEXTS)}"
        )
    if model.name == "efficientnet-lite0" and data.pixels != "unit":
        return 'model.name = "efficientnet-lite0" scales pixels as it was trained with: take data.pixels = "unit"'
    if model.path is not None and model.name not in PRETRAINED:
        return f'model.path is for pretrained models ({", ".join(PRETRAINED)}); model.name is "{model.name}"'
    return None


class Algorithm(Section):
    """`[algorithm]`: how devices train and mix."""

    name: str = Field(
        "hyperprism",
        description="One of `testbed/algorithms/` (docs/algorithms.md), or a Python file that defines another.",
    )
    lr: float = Field(0.01, gt=0, le=1e6, description="Learning rate.")
    batch_size: PositiveInt = Field(
        128, description="Samples of a local step, drawn with replacement from the device's own."
    )
    local_steps: PositiveInt = Field(1, description="Local steps per round.")
    momentum: float | None = Field(
        None, ge=0, lt=1, description="Momentum of local steps; by default the algorithm's own, 0 for most."
    )
    optimizer: Literal["sgd", "adamw"] = Field(
        "sgd", description="Local steps: stochastic gradient descent, or AdamW, whose moments stay on the device."
    )
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = Field(
        (0.9, 0.999), description="`adamw`: decay of its first and second moment."
    )
    epsilon: PositiveFloat = Field(1e-8, description="`adamw`: what is added to the root of the second moment.")
    amend: float = Field(
        0.0,
        ge=0,
        le=1,
        description="`adamw`: share of every step that goes along the change of the device's model since its last "
        "local training, in place of Adam's direction (FedLADA); 0: none.",
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Weight decay: so many times the weights are added to the gradient; `adamw`: to its step.",
    )
    clip: PositiveFloat | None = Field(
        None, description="Largest norm of a device's gradient, all parameters together; larger ones are scaled down."
    )
    schedule: Literal["constant", "cosine", "step"] = Field(
        "constant",
        description="Learning rate over the rounds (`local`, `async`: a device's own): `constant`: always lr; "
        "`cosine`: from lr down to 0 along half a cosine; `step`: times `decay` from each of `decay_rounds` on.",
    )
    warmup_rounds: NonNegativeInt = Field(
        0, description="Rounds at the beginning in which the learning rate grows linearly to lr, in equal steps from 0."
    )
    decay: float = Field(0.1, gt=0, le=1, description="`step`: what the learning rate is multiplied with.")
    decay_rounds: tuple[PositiveInt, ...] = Field(
        (),
        description="`step`: the rounds, counted from 0, that are the first with the lower learning rate; ascending.",
    )
    p: float = Field(3.0, ge=1, le=51, description="`wpm`: the power; `hyperprism`: where its hypernetworks start.")
    variant: Literal["primal", "mirror"] = Field(
        "mirror", description="Gradient step before the mean (`primal`, alg. 1) or inside it (`mirror`, eq. 6)."
    )
    choice: Literal["expected", "hard"] = Field(
        "expected", description="`hyperprism`: p as the mean over candidates, or the likeliest candidate."
    )
    candidates: tuple[Annotated[float, Field(ge=1, le=51)], ...] = Field(
        (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0), description="`hyperprism`: the powers to choose among, ascending."
    )
    exchanges: int = Field(3, ge=1, le=100, description="`mudag`: exchanges of messages a round, K of its FastMix.")
    condition: float = Field(
        10.0, gt=1, le=1e9, description="`mudag`, `adom`, `adom_plus`: condition number L / mu, where L = 1 / lr."
    )
    gossip: Literal["laplacian", "metropolis"] = Field(
        "laplacian",
        description="`mudag`, `adom`, `adom_plus`: mixing matrix I - L(G) / its largest eigenvalue, or Metropolis "
        "weights.",
    )
    pairing: Literal["matching", "one_pair"] = Field(
        "matching", description="`swarm`: a random maximal matching of the round's graph, or one pair of it a round."
    )
    quantiser: Literal["none", "lattice"] = Field("none", description="`swarm`: how models are coded for the air.")
    spacing: float = Field(
        1e-3,
        ge=1e-9,
        le=1e3,
        description="`swarm`: of the lattice; models further apart than 2^bits / 2 spacings are decoded wrongly.",
    )
    compression: Literal["top-k", "quantised", "none"] = Field(
        "top-k", description="`choco`: what is sent of the change of a model."
    )
    keep: float = Field(0.1, gt=0, le=1, description="`choco`, top-k: share of the entries that are sent.")
    bits: int = Field(8, ge=1, le=16, description="`swarm` lattice, `choco` quantised: bits of an entry.")
    gamma: float = Field(0.4, gt=0, le=1, description="`choco`: size of the consensus step.")
    resync_rounds: NonNegativeInt = Field(
        0, description="`choco`: rounds after which whole models are sent once more; 0: never."
    )
    peers: PositiveInt = Field(3, description="`epidemic`: how many random neighbours each device sends to.")
    options: dict[str, Any] = Field({}, description="Settings of an algorithm of your own.")

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if (wrong := complaint(self.name)) is not None:
            raise ValueError(wrong)
        if not self.candidates or any(low >= high for low, high in pairwise(self.candidates)):
            raise ValueError(
                f"algorithm.candidates = {list(self.candidates)} should be powers from 1 to 51, one at least, "
                "ascending: the hypernetworks choose among them"
            )
        return self

    @model_validator(mode="after")
    def _has_one_momentum(self) -> Self:
        if self.optimizer == "adamw" and self.momentum:
            raise ValueError(
                f'algorithm.momentum = {self.momentum:g} is for algorithm.optimizer = "sgd"; "adamw" has '
                "algorithm.betas"
            )
        if self.optimizer != "adamw" and self.amend:
            raise ValueError(
                f'algorithm.amend = {self.amend:g} is for algorithm.optimizer = "adamw"; it is "{self.optimizer}"'
            )
        return self

    @model_validator(mode="after")
    def _decays_in_order(self) -> Self:
        if self.schedule == "step" and not self.decay_rounds:
            raise ValueError('algorithm.schedule = "step" needs algorithm.decay_rounds, a list such as [50, 75]')
        if any(before >= after for before, after in pairwise(self.decay_rounds)):
            raise ValueError(f"algorithm.decay_rounds = {list(self.decay_rounds)} should be ascending, each round once")
        if self.decay_rounds and self.schedule != "step":
            raise ValueError(f'algorithm.decay_rounds is for algorithm.schedule = "step"; it is "{self.schedule}"')
        return self


class Output(Section):
    """`[output]`: what is measured and kept."""

    eval_every: PositiveInt = Field(1, description="Rounds between evaluations; the last round is always evaluated.")
    evaluate: Literal["test", "validation"] = Field(
        "test", description="Accuracy on the test images, or on the training images that `data.validation` holds out."
    )
    eval_samples: NonNegativeInt = Field(0, description="Images used, from the first on; 0: all.")
    checkpoint_s: Seconds = Field(
        10.0, description="Wall-clock seconds between checkpoints; what came after one is computed again."
    )
    pcap: str | None = Field(
        None,
        description="`ns3`: folder for captures, `device-N.pcap`, of all that each device sends and hears; the cache "
        "of airs is then not used.",
    )


class Scenario(Section):
    """An experiment. On one machine and one set of versions, equal scenarios give equal results."""

    run: Run = Run()
    devices: Devices = Devices()
    network: Network = Network()
    data: Data = Data()
    model: Model = Model()
    algorithm: Algorithm = Algorithm()
    lora: Lora | None = None
    output: Output = Output()

    @model_validator(mode="after")
    def _model_fits_data(self) -> Self:
        if (wrong := unfit(self.data, self.model)) is not None:
            raise ValueError(wrong)
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.run.mode == "barrier" and not isinstance(self.run.deadline_s, float):
            raise ValueError('run.deadline_s is a list: in mode "barrier" one number closes the round for all')
        if self.run.mode != "barrier" and self.run.period_s is None:
            raise ValueError(
                f'run.mode = "{self.run.mode}" needs run.period_s, the simulated seconds behind a row of the tables'
            )
        if self.run.mode == "async" and self.network.kind == "ns3" and self.network.transport == "broadcast":
            raise ValueError(
                'run.mode = "async" sends to one neighbour at a time: take network.transport = "unicast" or "tcp" '
                'in place of "broadcast"'
            )
        if self.run.mode == "async" and self.algorithm.name == "swarm" and self.algorithm.pairing == "one_pair":
            raise ValueError(
                'algorithm.pairing = "one_pair" is for run.mode = "barrier"; in "async" devices meet in pairs anyway'
            )
        if self.output.evaluate == "validation" and self.data.validation == 0:
            raise ValueError(
                'output.evaluate = "validation" needs data.validation, the number of training images held out, above 0'
            )
        if self.lora is not None and self.lora.policy == "autorank" and self.run.rounds <= self.lora.flood_rounds:
            raise ValueError(
                f"run.rounds = {self.run.rounds} should be above lora.flood_rounds = {self.lora.flood_rounds}: "
                'lora.policy = "autorank" chooses no ranks before those rounds and the first are over'
            )
        if self.algorithm.warmup_rounds > self.run.rounds:
            raise ValueError(
                f"algorithm.warmup_rounds = {self.algorithm.warmup_rounds} should be at most "
                f"run.rounds = {self.run.rounds}"
            )
        late = [round_ for round_ in self.algorithm.decay_rounds if round_ >= self.run.rounds]
        if late and self.run.mode == "barrier":  # in the other modes a device may train more often than there are rows
            raise ValueError(
                f"algorithm.decay_rounds = {list(self.algorithm.decay_rounds)} should be below "
                f"run.rounds = {self.run.rounds}, as rounds count from 0: round {late[0]} never comes"
            )
        listed = self.network.nodes if self.network.kind == "replay" else "all"
        if isinstance(listed, tuple) and len(listed) != self.devices.count:
            raise ValueError(
                f"network.nodes lists {len(listed)} nodes for devices.count = {self.devices.count}: list one node of "
                "the trace for each device"
            )
        if (
            self.run.mode == "barrier"
            and self.network.kind == "ns3"
            and self.run.deadlines_s()[0] <= self.network.hello_s
        ):
            raise ValueError(
                f"run.deadline_s = {self.run.deadlines_s()[0]:g} should be above "
                f"network.hello_s = {self.network.hello_s:g}: no message can be sent before the hellos"
            )
        return self


def sections() -> dict[str, type[Section]]:
    """The sections by name, those that may be left out among them."""
    return {name: _kind(field.annotation) for name, field in Scenario.model_fields.items()}


def _kind(annotation: Any) -> type[Section]:
    """A section, or that of "a section or None"."""
    kind: type[Section] = next((each for each in get_args(annotation) if each is not type(None)), annotation)
    return kind
