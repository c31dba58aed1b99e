"""What models say to held-out prompts, beside what people said."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu import corpus_bleu

from ..config import BaseConfig
from ..texts.words import words
from .prompting import final
from .properties import transcript

ASKED = ("base", "model")  # those that write


def sampled(inputs: pd.DataFrame, config: BaseConfig) -> pd.DataFrame:
    """Return the rows whose prompts are answered, by the seed, in the order of the file."""
    count = min(config.evaluate.answers, len(inputs))
    return inputs.sample(count, random_state=config.seed).sort_index()


def compared(
    predictors: dict[str, Callable[[pd.DataFrame], np.ndarray]],
    inputs: pd.DataFrame,
    pattern: str | None,
) -> dict[str, pd.DataFrame]:
    """Return tables: `answers`, a column a model, and `likeness`, what is counted of each.

    BLEU (Papineni et al. 2002) as sacrebleu counts it, ROUGE-L (Lin 2004), and the share of answers
    that are the same but for spaces. If a prompt's `pattern` takes final answers out of texts,
    those are compared, and `final` is the share of texts that have one.
    """
    some = inputs.reset_index(drop=True)
    given = some["answer"].tolist()
    said = {name: list(predictors[name](some.drop(columns="answer"))) for name in ASKED}
    likeness = [{"model": name, **_likeness(texts, given, pattern)} for name, texts in said.items()]
    asked = [transcript(json.loads(prompt)) for prompt in some["prompt"]]
    shown = {"prompt": asked, "answer": given}
    return {"answers": pd.DataFrame(shown | said), "likeness": pd.DataFrame(likeness)}


class Words:
    """What ROUGE takes for words: its own tokenizer knows the letters a to z alone."""

    tokenize = staticmethod(words)


def _likeness(said: list[str], given: list[str], pattern: str | None) -> dict[str, float]:
    rouge = RougeScorer(["rougeL"], tokenizer=Words())
    pairs = [*zip(said, given, strict=True)]
    found = [final(text, pattern) for text in said]
    wanted = [final(text, pattern) or text for text in given]
    ends = {"final": sum(text is not None for text in found) / len(said)} if pattern else {}
    same = [(a or "").split() == b.split() for a, b in zip(found, wanted, strict=True)]
    return {
        "bleu": corpus_bleu(said, [given]).score,
        "rouge_l": sum(rouge.score(b, a)["rougeL"].fmeasure for a, b in pairs) / len(pairs),
        "empty": sum(not a for a in said) / len(said),
        "exact_match": sum(same) / len(same),
        **ends,
    }
