"""`[lora]`: where it stands, devices train adapters beside a model that stays as it is."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from testbed.scenario.section import Section


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
    dtype: Literal["float32", "float16", "int8"] = Field("float32", description="Type of the numbers on the air.")
    lr_ratio: PositiveFloat = Field(1.0, description="Learning rate of B over that of A (LoRA+).")
