"""`[network]`: the air between the devices."""

import math
import re
from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from testbed.scenario.section import PositiveSeconds, Seconds, Section

OFDM_RATES_MBPS = (6, 9, 12, 18, 24, 36, 48, 54)
"""The rates of 802.11a on a 20 MHz channel."""

GRAPH_FILES = (".graphml", ".gexf", ".gml", ".edgelist", ".adjlist")
"""Endings of the graph files that networkx reads for us."""


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


def _is_finite(tree: Any) -> bool:
    """Whether all numbers in a tree of tables and lists are."""
    if isinstance(tree, dict | list | tuple):
        return all(_is_finite(each) for each in (tree.values() if isinstance(tree, dict) else tree))
    return not isinstance(tree, float) or math.isfinite(tree)
