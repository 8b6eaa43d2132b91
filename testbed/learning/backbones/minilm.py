"""all-MiniLM-L6-v2 (Wang et al., "MiniLM", NeurIPS 2020; fine-tuned by the sentence-transformers project), or any BERT.

A BERT of 6 layers, 12 heads and width 384: 22,565,376 parameters without pooler and head. A text is the mean of its
tokens' last states, as in its fine-tuning, and the head is one linear layer on that. Weights come from safetensors,
in which nothing can be executed.
"""

import json
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from testbed.errors import UserError
from testbed.learning.backbones.files import folder_of, strictly
from testbed.learning.data.sets import PAD
from testbed.learning.wheels import WHEELS, check, missing_extra

CONFIG: dict[str, Any] = {
    **{"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536},
    **{"vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12},
    **{"hidden_act": "gelu", "pad_token_id": PAD},
}
"""The known model's, so that its layers can be told without its files."""
UNUSED = {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}
"""Tensors of the file that a mean over tokens has no need of."""


class TextClassifier(nn.Module):
    """Tokens (samples, length), `PAD` where a text has ended, to logits (samples, classes)."""

    def __init__(self, bert: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.bert, self.classifier = bert, nn.Linear(width, classes)

    def train(self, mode: bool = True) -> "TextClassifier":
        """Never: there would be dropout, and it would draw from torch's global generator."""
        return super().train(False)

    def features(self, tokens: Tensor) -> Tensor:
        """(samples, width): the mean over the tokens of each text."""
        mask = tokens != PAD
        # What is added to the products of tokens. From a flat mask transformers would make this itself, but with a look
        # at its values, which vmap cannot follow.
        weights = mask.unsqueeze(2).to(next(self.bert.parameters()).dtype)
        hidden = (1 - weights.mT.unsqueeze(1)) * torch.finfo(weights.dtype).min
        states = self.bert(input_ids=tokens, attention_mask=hidden.expand(-1, 1, tokens.shape[1], -1)).last_hidden_state
        return cast(Tensor, (states * weights).sum(1) / weights.sum(1).clamp(min=1))

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(tokens))
        return logits


def outline(path: str | None, classes: int) -> nn.Module:
    """The layers, by the folder's config.json or as the known model has them. Raises UserError if it is no BertModel,
    or transformers is not there."""
    try:
        from transformers.models.bert.configuration_bert import BertConfig
        from transformers.models.bert.modeling_bert import BertModel
    except ImportError as error:
        raise missing_extra('model.name = "minilm"', error) from error
    settings = _config(folder_of("minilm", path) / "config.json") if path else CONFIG
    bert = BertModel(BertConfig(**settings), add_pooling_layer=False)
    return TextClassifier(bert, settings["hidden_size"], classes)


def _config(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text("utf-8"))
        settings = {key: read[key] for key in CONFIG}
        kind = read["architectures"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} is damaged, or not the config.json of a BertModel: {error!r}") from error
    if kind != ["BertModel"] or settings["pad_token_id"] != PAD:
        raise UserError(
            f'{file} is of {kind}, padded with {settings["pad_token_id"]}; "minilm" takes a BertModel, {PAD}'
        )
    return settings


def fill(module: nn.Module, path: str | None) -> None:
    """Weights from the folder: those of the user's may be any that fit, ours must be the known ones."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    bert = cast(TextClassifier, module).bert
    place = folder_of("minilm", path) / "model.safetensors"
    try:
        content = place.read_bytes() if path else check(place, WHEELS["minilm"].files[place.name].digest)
        state = load(content)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{place} is damaged, cut short, or not safetensors: {error}") from error
    wanted = bert.state_dict()
    strictly(set(state), set(wanted), UNUSED, place)
    for key, tensor in wanted.items():
        if state[key].shape != tensor.shape or state[key].dtype != tensor.dtype:
            found = f"{tuple(state[key].shape)}, {state[key].dtype}"
            raise UserError(f"{place} has {key} of {found} where config.json asks for {tuple(tensor.shape)}")
    bert.load_state_dict({key: state[key] for key in wanted}, strict=True, assign=True)


def flops(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Of all products, with a weight and between tokens, for a text of `shape` (length,), padding too."""
    (length,) = shape
    model = cast(TextClassifier, module)
    config = cast(Any, model.bert).config
    weights = sum(layer.weight.numel() for layer in model.bert.modules() if isinstance(layer, nn.Linear))
    between = 2 * config.num_hidden_layers * length**2 * config.hidden_size
    return int(2 * (weights * length + between + model.classifier.weight.numel()))
