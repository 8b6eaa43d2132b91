"""The one typed description of an experiment: every section and key, its default and what it means.

A section a file; here they are put together, and held against each other. The command line, the error messages and
`docs/scenario.md` are all made from these definitions.
"""

from typing import Any, Self, get_args

from pydantic import model_validator

from testbed.scenario.algorithm import Algorithm
from testbed.scenario.data import PRETRAINED, TEXTS, Data, Model, unfit
from testbed.scenario.devices import Devices
from testbed.scenario.lora import Lora
from testbed.scenario.network import GRAPH_FILES, OFDM_RATES_MBPS, Network
from testbed.scenario.output import Output
from testbed.scenario.run import Run
from testbed.scenario.section import Section

__all__ = [
    "GRAPH_FILES",
    "OFDM_RATES_MBPS",
    "PRETRAINED",
    "TEXTS",
    "Algorithm",
    "Data",
    "Devices",
    "Lora",
    "Model",
    "Network",
    "Output",
    "Run",
    "Scenario",
    "Section",
    "sections",
]


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
