"""An encoder with a classification head, and its tokenizer."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PreTrainedModel

from .config import Config
from .library import pretrained, tiny
from .pretrained import quiet
from .toolkit.tables.split import Splits


@dataclass
class Model:
    """The network, and the tokenizer, which truncates long texts and does not pad."""

    network: PreTrainedModel
    tokenizer: Tokenizer

    @property
    def pad(self) -> int:
        """Return the id of the padding token, which is masked."""
        return self.network.config.pad_token_id

    @property
    def max_tokens(self) -> int:
        """Return the maximum number of tokens; longer texts are truncated."""
        assert self.tokenizer.truncation is not None
        return self.tokenizer.truncation["max_length"]

    def inference_network(self) -> nn.Module:
        """Return the network for inference: int64 (rows, tokens) to probabilities."""
        return InferenceNetwork(self).eval()


class InferenceNetwork(nn.Module):
    """The network for inference: int64 `ids` (rows, tokens) to probabilities (rows, classes)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network, self.pad = model.network.eval(), model.pad

    def forward(self, ids: Tensor) -> Tensor:
        """Mask the padding and apply softmax."""
        mask = (ids != self.pad).long()
        return torch.softmax(self.network(input_ids=ids, attention_mask=mask).logits.float(), dim=1)


def build(config: Config, splits: Splits) -> Model:
    """Return a new model; its head, at least, has random weights."""
    quiet()
    settings, labels = config.model, splits.schema.labels or []
    if settings.name == "tiny":
        network, tokenizer = tiny(settings, splits.train.inputs["text"].tolist(), labels)
    else:
        network, tokenizer = pretrained(settings, labels)
    tokenizer.enable_truncation(settings.max_tokens)
    tokenizer.no_padding()
    return Model(network, tokenizer)
