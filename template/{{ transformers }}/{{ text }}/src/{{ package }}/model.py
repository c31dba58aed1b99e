"""An encoder with a head that tells classes, and the tokenizer that belongs to it."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

from .config import Config
from .library import pretrained, quiet, tiny
from .toolkit.tables.split import Splits


@dataclass
class Model:
    """The network, and the tokenizer, which cuts long texts itself and pads none."""

    network: PreTrainedModel
    tokenizer: Tokenizer

    @property
    def pad(self) -> int:
        """Return the number that fills up short texts, which the network does not look at."""
        return self.network.config.pad_token_id

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a text are read."""
        assert self.tokenizer.truncation is not None
        return self.tokenizer.truncation["max_length"]

    def answering(self) -> nn.Module:
        """Return the network as it answers: int64 (rows, tokens) to probabilities."""
        return Answering(self).eval()


class Answering(nn.Module):
    """The network as it answers: int64 `ids` (rows, tokens) to probabilities (rows, classes)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network, self.pad = model.network.eval(), model.pad

    def forward(self, ids: Tensor) -> Tensor:
        """Look at all tokens but those that fill up."""
        mask = (ids != self.pad).long()
        return torch.softmax(self.network(input_ids=ids, attention_mask=mask).logits.float(), dim=1)


def build(config: Config, splits: Splits) -> Model:
    """Return a model whose head, at least, has random weights."""
    quiet()
    settings, labels = config.model, splits.schema.labels or []
    if settings.name == "tiny":
        network, tokenizer = tiny(settings, splits.train.inputs["text"].tolist(), labels)
    else:
        network, tokenizer = pretrained(settings, labels)
    tokenizer.enable_truncation(settings.max_tokens)
    tokenizer.no_padding()
    return Model(network, tokenizer)
