"""What is trained, in how much memory, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from made import reading, table, written
from peft import PeftModel
from transformers.models.llama.modeling_llama import LlamaMLP

from my_model import cli, data, infer
from my_model.config import Config
from my_model.model import Model, build
from my_model.train import fit
from my_model.training import adapters
from my_model.training.adapters import adapted
from my_model.training.batches import Rows
from my_model.training.fourbit import quantized


@pytest.fixture(scope="module")
def few(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration that trains for an epoch on short conversations."""
    path = written(tmp_path_factory.mktemp("few"), table(60))
    return _changed(reading(config, path), "train", epochs=1, batch_size=4)


@pytest.mark.parametrize("method", ["lora", "qlora", "ia3"])
def test_few_weights_are_trained_and_merged(
    method: str, few: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One product of matrices becomes another sum of float32: logits differ by 1e-4 at most."""
    rate = 0.1 if method == "ia3" else 0.01
    few = _changed(few, "train", method=method, rank=4, epochs=3, learning_rate=rate)
    splits = data.load(few)
    base, kept = build(few, splits), list[torch.Tensor]()
    size = sum(weight.numel() for weight in base.network.parameters())
    free = sum(w.numel() for w in adapted(base.network, few).parameters() if w.requires_grad)
    assert 0 < free < 0.1 * size
    rows = Rows(base, splits.val)
    tokens = rows.batch([rows[row] for row in range(8)])

    def merged(trainer: adapters.Trainer) -> adapters.PreTrainedModel:
        assert isinstance(trainer.model, PeftModel)
        kept.append(_logits(trainer.model.eval(), tokens))
        with trainer.model.disable_adapter():
            kept.append(_logits(trainer.model, tokens))
        return adapters.merged(trainer)

    monkeypatch.setattr("my_model.train.merged", merged)
    infer.save(fit(few, splits, lambda step, metrics: None, tmp_path), tmp_path / "model")
    saved = _logits(infer.load(tmp_path / "model").network, tokens)
    assert (saved - kept[0]).abs().max() < 1e-4
    assert (saved - kept[1]).abs().max() > 0.02  # so that it does tell them apart
    assert not list((tmp_path / "model").glob("adapter*"))


def test_four_bits_are_fewer_and_nearly_the_same(few: Config) -> None:
    """Half a byte a weight, and a scale for 64 of them (Dettmers et al. 2023)."""
    network = build(few, data.load(few)).network
    tokens = {"input_ids": torch.arange(8)[None], "attention_mask": torch.ones(1, 8).long()}
    whole, weight = _logits(network, tokens), network.model.layers[0].mlp.up_proj.weight.detach()
    layer = quantized(network).get_submodule("model.layers.0.mlp.up_proj")
    assert layer.weight.numel() * layer.weight.itemsize == weight.numel() // 2
    rounded = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    assert 0 < (rounded - weight).norm() < 0.15 * weight.norm()
    assert 0 < (_logits(network, tokens) - whole).norm() < 0.3 * whole.norm()


def test_what_is_computed_twice_is_the_same(
    few: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradient checkpointing: layers run once more a step, and come to the same weights."""
    calls, forward = list[str](), LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda *x: calls.append("") or forward(*x))
    monkeypatch.setattr("my_model.training.tuner.check", lambda trainer: None)  # it calls them too
    splits, found, counts = data.load(few), list[Model](), [0]
    for twice in (False, True):
        settings = _changed(few, "train", gradient_checkpointing=twice)
        found.append(fit(settings, splits, lambda step, metrics: None, tmp_path / str(twice)))
        counts.append(len(calls))
    steps = len(splits.train.ids) // few.train.batch_size
    assert counts[2] - 2 * counts[1] == steps * few.model.depth
    for one, other in zip(*(model.network.parameters() for model in found), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def _logits(network: Any, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
    names = "input_ids", "attention_mask"
    given = {name: tokens[name].to(network.device) for name in names}
    with torch.inference_mode():
        logits = network(**given).logits.cpu()
    return logits[tokens["attention_mask"].bool()]


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
