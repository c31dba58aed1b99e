"""Encoders: pretrained ones by name or folder, and a tiny one trained from scratch."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import WordPieceTrainer
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
)

from .loading import check_length, load
from .pretrained import OTHER
from .settings.model import Model as Settings
from .toolkit.runs import UserError

PAD, UNKNOWN, FIRST, LAST = SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
ALPHABET = 1000  # characters
MIN_FREQUENCY = 2  # of a word piece
HEAD = 32  # dimensions of an attention head
HEADS = ("classif", "pooler", "score", "summary", "head", "logits_proj")  # in names of new weights


def pretrained(settings: Settings, labels: Sequence[str]) -> tuple[PreTrainedModel, Tokenizer]:
    """Return an encoder from the Hub or a folder, with a new head; UserError if it is unusable.

    Only a head for the same labels, in the same order, is kept.
    """
    auto, maps = AutoModelForSequenceClassification, _label_maps(labels)
    network, tokenizer = load(settings, auto, HEADS, **maps)
    if tokenizer.pad_token_id is None:
        raise UserError(f"model.name {settings.name}: its tokenizer has no padding token; {OTHER}.")
    network.config.pad_token_id = tokenizer.pad_token_id
    earlier = AutoConfig.from_pretrained(settings.name, revision=settings.revision or "main")
    if earlier.id2label != maps["id2label"]:
        _renew_head(network, len(labels))

    def read(count: int) -> None:
        text = {"truncation": True, "max_length": count, "return_tensors": "pt"}
        ids = tokenizer("a " * count, **text)["input_ids"]
        network(input_ids=ids, attention_mask=ids.new_ones(ids.shape))

    check_length(settings, network, tokenizer, read)
    return network, tokenizer.backend_tokenizer


def _renew_head(network: PreTrainedModel, count: int) -> None:
    """Give the last layer random weights: an earlier one may have learned other labels."""
    std = getattr(network.config, "initializer_range", 0.02)
    for name, weight in network.named_parameters():
        if weight.shape[0] == count and not name.startswith(f"{network.base_model_prefix}."):
            nn.init.normal_(weight, std=std) if weight.ndim > 1 else nn.init.zeros_(weight)


def tiny(
    settings: Settings, texts: Sequence[str], labels: Sequence[str]
) -> tuple[PreTrainedModel, Tokenizer]:
    """Return a small BERT (Devlin et al. 2019) with random weights, and a tokenizer for `texts`."""
    tokenizer = train_tokenizer(texts, settings.vocabulary)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=settings.width,
        num_hidden_layers=settings.depth,
        num_attention_heads=settings.width // HEAD,
        intermediate_size=4 * settings.width,
        hidden_dropout_prob=settings.dropout,
        attention_probs_dropout_prob=settings.dropout,
        max_position_embeddings=settings.max_tokens,
        type_vocab_size=1,
        pad_token_id=tokenizer.token_to_id(PAD),
        **_label_maps(labels),
    )
    return BertForSequenceClassification(config), tokenizer


def train_tokenizer(texts: Sequence[str], size: int) -> Tokenizer:
    """Return a WordPiece tokenizer (Schuster & Nakajima 2012) for lower case without accents.

    The trainer numbers characters inside words in hash order, so they are added first, sorted.
    """
    normalizer = normalizers.BertNormalizer()
    count = Counter("".join(map(normalizer.normalize_str, texts)))
    characters = sorted(count, key=lambda character: (-count[character], character))[:ALPHABET]
    inner = [f"##{character}" for character in characters if not character.isspace()]
    trainer = WordPieceTrainer(
        vocab_size=size,
        min_frequency=MIN_FREQUENCY,
        limit_alphabet=ALPHABET,
        special_tokens=SPECIAL + inner,
        show_progress=False,
    )
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainer)
    rebuilt = Tokenizer(models.WordPiece(tokenizer.get_vocab(), unk_token=UNKNOWN))
    rebuilt.normalizer, rebuilt.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    rebuilt.add_special_tokens(SPECIAL)  # without the characters
    ends = [(token, rebuilt.token_to_id(token)) for token in (FIRST, LAST)]
    rebuilt.post_processor = processors.TemplateProcessing(
        single=f"{FIRST} $A {LAST}", special_tokens=ends
    )
    rebuilt.decoder = decoders.WordPiece()
    return rebuilt


def _label_maps(labels: Sequence[str]) -> dict[str, Any]:
    """Return the labels as a configuration of transformers stores them, for softmax."""
    codes = {label: code for code, label in enumerate(labels)}
    maps = {"id2label": dict(enumerate(labels)), "label2id": codes}
    return {**maps, "problem_type": "single_label_classification"}
