"""`[algorithm]`: how devices train and mix."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from testbed.scenario.algorithms import complaint
from testbed.scenario.section import Section


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
