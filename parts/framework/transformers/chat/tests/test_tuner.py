"""Memory is saved without another result, and mistakes are explained."""

from pathlib import Path

import pytest
import torch
from made import reading, table, written
from transformers.models.llama.modeling_llama import LlamaMLP

from my_model import cli, data
from my_model.config import Config
from my_model.model import Model
from my_model.train import fit


@pytest.fixture(scope="module")
def few(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration that trains for an epoch on short conversations."""
    path = written(tmp_path_factory.mktemp("few"), table(60))
    return _changed(reading(config, path), "train", epochs=1, batch_size=4)


def test_what_is_computed_twice_is_the_same(
    few: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradient checkpointing: layers run once more a step, and come to the same weights."""
    calls, forward = list[str](), LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda *x: calls.append("") or forward(*x))
    splits, found, counts = data.load(few), list[Model](), [0]
    for twice in (False, True):
        settings = _changed(few, "train", gradient_checkpointing=twice)
        found.append(fit(settings, splits, lambda step, metrics: None, tmp_path / str(twice)))
        counts.append(len(calls))
    steps = len(splits.train.ids) // few.train.batch_size
    assert counts[2] - 2 * counts[1] == steps * few.model.depth
    for one, other in zip(*(model.network.parameters() for model in found), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def _changed(config: Config, section: str, **settings: object) -> Config:
    changed = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: changed})


MISTAKES = {
    "--model.name=nowhere/at-all": "model.name nowhere/at-all can't be loaded",
    "--train.method=prefix": "can't be merged into the weights, so nothing can be exported: set",
    "--train.method=prefix --train.gradient_checkpointing=1 --export.formats=[]": "set that false",
    "--train.batch_size=3 --train.accumulate=2": "take a multiple of 2",
    "--train.learning_rate=1e30": "lower train.learning_rate",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_explained(
    words: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--run=mistaken", *options, *words.split()]) == 2
    assert MISTAKES[words] in capsys.readouterr().err
