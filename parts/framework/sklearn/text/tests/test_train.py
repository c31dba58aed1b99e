"""Training learns, repeats itself to the byte, and a saved model answers as the living one."""

from pathlib import Path

import numpy as np
import pytest
from made import HOSTILE

from my_model import data, infer
from my_model.config import Config
from my_model.estimators import ESTIMATORS
from my_model.features import Features
from my_model.runs import UserError
from my_model.texts.terms import terms
from my_model.train import fit


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_same_model_twice(name: str, config: Config, tmp_path: Path) -> None:
    model = config.model.model_copy(update={"name": name})
    chosen, splits = config.model_copy(update={"model": model}), data.load(config)
    saved = []
    for attempt in ("first", "second"):
        losses: list[dict[str, float]] = []
        model = fit(chosen, splits, lambda step, metrics, to=losses: to.append(metrics), tmp_path)
        infer.save(model, tmp_path / attempt)
        saved.append((tmp_path / attempt / "model.skops").read_bytes())
    assert saved[0] == saved[1]
    assert losses and all(np.isfinite(list(metrics.values())).all() for metrics in losses)
    loaded = infer.load(tmp_path / "first")
    inputs = splits.val.inputs
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_features_are_learnt_from_frequent_terms(config: Config) -> None:
    inputs = data.load(config).train.inputs
    features = Features(1, 3, 0, 5, 10).fit(inputs)
    matrix = features.transform(inputs)
    assert matrix.shape == (len(inputs), 11) and not matrix[:, [0]].nnz
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    assert np.allclose(lengths[lengths > 0], 1)
    with pytest.raises(UserError, match=r"model\.min_texts: no term"):
        Features(1, 3, 0, 10**6, 10).fit(inputs)


def test_terms_are_runs_of_words_and_of_letters() -> None:
    assert terms("Ab ab c", 2, 3, 4) == {
        **{"ab": 2, "c": 1, "ab ab": 1, "ab c": 1},
        **{"~<ab": 2, "~ab>": 2, "~<ab>": 2, "~<c>": 1},
    }
    assert terms("ab c", 0, 3, 3) == {"~<ab": 1, "~ab>": 1, "~<c>": 1}
    assert terms("ab c", 1, 3, 0) == {"ab": 1, "c": 1}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_no_text_breaks_into_odd_terms(text: str) -> None:
    found = terms(text, 2, 3, 5)
    assert all(times > 0 and term.strip() == term for term, times in found.items())
