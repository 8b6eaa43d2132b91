"""`[lora]`: where it stands, devices train adapters beside a model that stays as it is."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from testbed.scenario.algorithms import MERGES, POLICIES, names, unknown
from testbed.scenario.section import Section

Metric = Literal["difficulty", "entropy", "gini_simpson", "labels", "volume"]


class Lora(Section):
    """`[lora]`: adapters of low rank beside a frozen model, which alone are trained and sent. Without it all is."""

    rank: PositiveInt | tuple[PositiveInt, ...] = Field(
        8,
        description="Rank of every adapted layer, the largest where ranks differ; or a list with one for each device.",
    )
    rank_min: PositiveInt = Field(1, description="The smallest rank that a policy may choose.")
    policy: str = Field("fixed", description="Who chooses ranks: one of `testbed/lora/policies/`.")
    merge: str = Field("fedit", description="How adapters are mixed: one of `testbed/lora/merges/`.")
    budget_bytes: PositiveInt | None = Field(
        None, description="Bytes of adapters in a device's message, at most; policies that choose fill them."
    )
    alpha: PositiveFloat | None = Field(
        None, description="B A counts alpha / rank times; by default alpha is each device's rank."
    )
    target: tuple[str, ...] = Field(
        (), description="Ends of the names of the layers that get adapters; by default the model's own choice."
    )
    start: str | None = Field(
        None,
        description="Adapter that all devices begin with, one of peft's (`adapter_model.safetensors`); where it has a "
        "smaller rank, the other components begin as without it.",
    )
    dtype: Literal["float32", "float16", "int8"] = Field("float32", description="Type of the numbers on the air.")
    lr_ratio: PositiveFloat = Field(1.0, description="Learning rate of B over that of A (LoRA+).")
    perturbation: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Noise on the adapted layers' weights while gradients are taken (Flat-LoRA), as a share of the "
        "norm of each of their rows; 0: none.",
    )
    metrics: tuple[Metric, ...] = Field(
        ("difficulty", "entropy", "gini_simpson", "labels"),
        description="`autorank`: what ranks are chosen by. `difficulty`: entropy of the losses; `entropy`, "
        "`gini_simpson`, `labels`: of the labels; `volume`: logarithm of the number of samples.",
    )
    flood_rounds: PositiveInt = Field(
        5,
        description="`autorank`: rounds after the first whose messages carry what is known of all devices' data; ranks "
        "are chosen after them.",
    )
    gossip: Literal["both", "interval"] = Field(
        "both",
        description="`lora_a2`: `both`: both factors are sent, though one trains; `interval`: the one that trains.",
    )
    switch_rounds: PositiveInt = Field(
        1, description="`lora_a2`: rounds after which the other factor trains; more for sparse graphs."
    )
    init_rounds: NonNegativeInt = Field(
        3, description="`sa_fedlora`: rounds with a penalty `mu`; `sora`: rounds before gates may close."
    )
    mu: float = Field(
        0.01, ge=0, le=1e6, description="`sa_fedlora`: of the penalty mu / 2 |x - x0|^2 in the first rounds."
    )
    heat_rounds: NonNegativeInt = Field(
        10, description="`sa_fedlora`: the last round before ranks sink, counted from 0."
    )
    cool_rounds: PositiveInt = Field(
        50, description="`sa_fedlora`: the first round with the smallest rank, counted from 0."
    )
    annealing: Literal["cubic", "geometric", "cosine", "metropolis"] = Field(
        "cubic",
        description="`sa_fedlora`: how ranks sink in between. `metropolis`: by one, always where the loss sank, else "
        "by chance, which falls with the temperature.",
    )
    gamma: float = Field(
        0.9, gt=0, lt=1, description="`sa_fedlora`: factor a round, of ranks (`geometric`), of the temperature."
    )
    temperature: PositiveFloat = Field(0.1, description="`sa_fedlora`, metropolis: at first, in units of the loss.")
    prune: float = Field(
        0.99, gt=0, lt=1, description="`hetlora`: what is left of a rank that is pruned, as a share, rounded down."
    )
    penalty: float = Field(
        1e-3, ge=0, le=1e6, description="`hetlora`: weight of the norm of the components that may be pruned."
    )
    gate_l1: float = Field(1e-3, ge=0, le=1e6, description="`sora`: weight of the mean size of the gates.")
    threshold: float = Field(3e-4, ge=0, le=1e6, description="`sora`: what goes off every gate at the end of a round.")
    message_s: PositiveFloat | None = Field(
        None,
        description="`by_link`: seconds that a message should take at most, from its first frame until a neighbour "
        "has it.",
    )
    stage_rounds: PositiveInt = Field(
        10, description="`boost`: rounds after which the next component of every layer trains."
    )
    shared: PositiveInt = Field(4, description="`branches`: the first so many components are sent, the others stay.")
    layers: PositiveInt = Field(2, description="`partial`: how many layers a device sends.")

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        for key, name, kind, folder in (
            ("lora.policy", self.policy, "a policy", POLICIES),
            ("lora.merge", self.merge, "a merge", MERGES),
        ):
            if name not in names(folder):
                raise ValueError(unknown(key, name, kind, names(folder)))
        return self

    @model_validator(mode="after")
    def _ranks_in_order(self) -> Self:
        ranks = (self.rank,) if isinstance(self.rank, int) else self.rank
        if not ranks:
            raise ValueError("lora.rank = [] should be a rank, or a list with one for each device")
        if self.rank_min > min(ranks):
            raise ValueError(f"lora.rank_min = {self.rank_min} should be at most lora.rank, which is {min(ranks)}")
        if not self.metrics or len(set(self.metrics)) < len(self.metrics):
            raise ValueError(f"lora.metrics = {list(self.metrics)} should be one or more, each once")
        return self

    @model_validator(mode="after")
    def _cools_in_order(self) -> Self:
        if self.policy == "sa_fedlora" and not self.init_rounds <= self.heat_rounds < self.cool_rounds:
            raise ValueError(
                f"lora.init_rounds = {self.init_rounds}, heat_rounds = {self.heat_rounds}, cool_rounds = "
                f"{self.cool_rounds}: ranks sink after the first rounds and until they are cool, so these should "
                "ascend, the last two not equal"
            )
        return self
