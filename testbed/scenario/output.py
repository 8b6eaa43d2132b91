"""`[output]`: what is measured and kept."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from testbed.scenario.section import Seconds, Section


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
