"""`[devices]`: who takes part."""

from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from testbed.scenario.section import PositiveSeconds, Section


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
