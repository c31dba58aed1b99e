"""Encoders: pretrained ones by their name or folder, and a tiny one that starts from nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import WordPieceTrainer
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
)
from transformers.utils import logging

from .settings.model import Model as Settings
from .toolkit.runs import UserError

PAD, UNKNOWN, FIRST, LAST = SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
ALPHABET = 1000  # letters
LEAST = 2  # texts that have to hold a piece of a word
HEAD = 32  # numbers that an attention head looks at


def pretrained(settings: Settings, labels: Sequence[str]) -> tuple[PreTrainedModel, Tokenizer]:
    """Return an encoder of the hub or of a folder, with a fresh head; UserError if it won't do."""
    known: dict[str, Any] = {"revision": settings.revision or "main"}
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.name, **known)
        network = AutoModelForSequenceClassification.from_pretrained(
            settings.name, dtype="float32", ignore_mismatched_sizes=True, **known, **_told(labels)
        )
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"model.name {settings.name} can't be loaded: {reason}.") from None
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise UserError(f"model.name {settings.name}: its tokenizer can't pad: take another one.")
    network.config.pad_token_id = tokenizer.pad_token_id
    places = getattr(network.config, "max_position_embeddings", None) or settings.max_tokens
    longest = min(tokenizer.model_max_length, places)
    if settings.max_tokens > longest:
        raise UserError(f"model.max_tokens: {settings.name} reads {longest} at most.")
    return network, tokenizer.backend_tokenizer


def tiny(
    settings: Settings, texts: Sequence[str], labels: Sequence[str]
) -> tuple[PreTrainedModel, Tokenizer]:
    """Return a small BERT (Devlin et al. 2019) with random weights, and a tokenizer for `texts`."""
    tokenizer = learn(texts, settings.vocabulary)
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
        **_told(labels),
    )
    return BertForSequenceClassification(config), tokenizer


def learn(texts: Sequence[str], size: int) -> Tokenizer:
    """Return a WordPiece tokenizer (Schuster & Nakajima 2012) of lower case without accents.

    The trainer numbers letters inside words in the order of a hash table, so they come first here.
    """
    normalizer = normalizers.BertNormalizer()
    count = Counter("".join(map(normalizer.normalize_str, texts)))
    letters = sorted(count, key=lambda letter: (-count[letter], letter))[:ALPHABET]
    inner = [f"##{letter}" for letter in letters if not letter.isspace()]
    trainer = WordPieceTrainer(
        vocab_size=size,
        min_frequency=LEAST,
        limit_alphabet=ALPHABET,
        special_tokens=SPECIAL + inner,
        show_progress=False,
    )
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainer)
    known = Tokenizer(models.WordPiece(tokenizer.get_vocab(), unk_token=UNKNOWN))
    known.normalizer, known.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    known.add_special_tokens(SPECIAL)  # of the others none is special
    ends = [(token, known.token_to_id(token)) for token in (FIRST, LAST)]
    known.post_processor = processors.TemplateProcessing(
        single=f"{FIRST} $A {LAST}", special_tokens=ends
    )
    known.decoder = decoders.WordPiece()
    return known


def quiet() -> None:
    """Keep transformers' hints and its progress bars off the terminal."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _told(labels: Sequence[str]) -> dict[str, Any]:
    """Return what a configuration keeps of the classes, so that transformers can name them."""
    codes = {label: code for code, label in enumerate(labels)}
    return {"id2label": dict(enumerate(labels)), "label2id": codes}
