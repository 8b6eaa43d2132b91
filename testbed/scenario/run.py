"""`[run]`: how long and in which order."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from testbed.scenario.section import PositiveSeconds, Section


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
