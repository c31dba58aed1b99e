"""Generated answers to held-out prompts, compared with the ground truth."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu import corpus_bleu

from ..config import BaseConfig
from ..texts.words import words
from .prompting import final_answer
from .properties import transcript

GENERATORS = ("base", "model")  # baselines that count bytes generate nothing


def sample(inputs: pd.DataFrame, config: BaseConfig) -> pd.DataFrame:
    """Return `evaluate.answers` rows, drawn by the seed, in the order of the file."""
    count = min(config.evaluate.answers, len(inputs))
    return inputs.sample(count, random_state=config.seed).sort_index()


def compare(
    predictors: dict[str, Callable[[pd.DataFrame], np.ndarray]],
    inputs: pd.DataFrame,
    pattern: str | None,
) -> dict[str, pd.DataFrame]:
    """Return two tables: `answers` with a column per model, and `likeness` with its scores.

    The scores are BLEU (Papineni et al. 2002) by sacrebleu, ROUGE-L (Lin 2004), and exact match up
    to white space. If the prompt's `pattern` extracts final answers, exact match compares those,
    and `final` is the share of answers that have one.
    """
    rows = inputs.reset_index(drop=True)
    truth = rows["answer"].tolist()
    generated = {name: list(predictors[name](rows.drop(columns="answer"))) for name in GENERATORS}
    scores = [{"model": name, **_scores(own, truth, pattern)} for name, own in generated.items()]
    transcripts = [transcript(json.loads(prompt)) for prompt in rows["prompt"]]
    answers = {"prompt": transcripts, "answer": truth} | generated
    return {"answers": pd.DataFrame(answers), "likeness": pd.DataFrame(scores)}


class Tokenizer:
    """Words in any script: ROUGE's own tokenizer knows only the letters a to z."""

    tokenize = staticmethod(words)


def _scores(generated: list[str], truth: list[str], pattern: str | None) -> dict[str, float]:
    rouge = RougeScorer(["rougeL"], tokenizer=Tokenizer())
    pairs = [*zip(generated, truth, strict=True)]
    finals = [final_answer(text, pattern) for text in generated]
    expected = [final_answer(text, pattern) or text for text in truth]
    matches = [(a or "").split() == b.split() for a, b in zip(finals, expected, strict=True)]
    found = sum(text is not None for text in finals) / len(finals)
    return {
        "bleu": corpus_bleu(generated, [truth]).score,
        "rouge_l": sum(rouge.score(b, a)["rougeL"].fmeasure for a, b in pairs) / len(pairs),
        "empty": sum(not a for a in generated) / len(generated),
        "exact_match": sum(matches) / len(matches),
        **({"final": found} if pattern else {}),
    }
