"""`[data]` and `[model]`: what is learnt, from what."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from testbed.scenario.section import Section

TEXTS = ("reuters-r8", "20newsgroups")
PRETRAINED = ("minilm", "efficientnet-lite0")


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
    init: Literal["he"] | None = Field(
        None,
        description="Initial weights of `logistic`, `mlp`, `cnn`: by default PyTorch's own; `he`: those of He et al. "
        "(2015) for ReLU units, biases 0.",
    )
    execution: Literal["auto", "batched", "loop"] = Field(
        "auto", description="Local steps of all devices at once, one by one, or whichever is faster for this model."
    )
    accelerator: Literal["cuda"] | None = Field(
        None,
        description="`cuda`: gradients and accuracies are computed on an NVIDIA GPU; numbers differ from the CPU's in "
        "their last digits.",
    )


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
    if model.init is not None and model.name in PRETRAINED:
        return f'model.init is for models that are not pretrained; model.name is "{model.name}"'
    if model.path is not None and model.name not in PRETRAINED:
        return f'model.path is for pretrained models ({", ".join(PRETRAINED)}); model.name is "{model.name}"'
    return None
