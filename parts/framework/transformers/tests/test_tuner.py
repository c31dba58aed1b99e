"""What is trained, how fast, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from my_model import cli, data, infer
from my_model.config import Config
from my_model.model import build
from my_model.train import fit
from my_model.training.adapters import adapted
from my_model.training.batches import Loss
from my_model.training.tuner import groups, schedule


def _changed(config: Config, section: str, **settings: object) -> Config:
    changed = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: changed})


def test_lora_trains_few_weights_and_is_merged(config: Config, tmp_path: Path) -> None:
    config, splits = _changed(config, "train", epochs=1, lora=4), data.load(config)
    network = adapted(build(config, splits).network, config)
    free = sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
    assert free < 0.1 * sum(weight.numel() for weight in network.parameters())
    model = fit(config, splits, lambda step, metrics: None, tmp_path)
    infer.save(model, tmp_path / "model")
    loaded, inputs = infer.load(tmp_path / "model"), splits.val.inputs.head(20)
    np.testing.assert_array_equal(infer.predict(model, inputs), infer.predict(loaded, inputs))


def test_lower_layers_learn_more_slowly_and_a_frozen_one_not_at_all(config: Config) -> None:
    config = _changed(config, "train", layer_decay=0.5)
    network = build(config, data.load(config)).network
    made = groups(network, config.train, 1.0)
    rates = {id(weight): group["lr"] for group in made for weight in group["params"]}
    told = {name: rates[id(weight)] for name, weight in network.named_parameters()}
    assert len(told) == sum(len(group["params"]) for group in made)
    assert told["classifier.weight"] == 1.0 and told["bert.pooler.dense.bias"] == 0.5
    assert told["bert.encoder.layer.1.output.dense.weight"] == 0.5
    assert told["bert.encoder.layer.0.output.dense.weight"] == 0.25
    assert told["bert.embeddings.word_embeddings.weight"] == 0.125
    assert {group["encoder"] for group in made if group["lr"] < 1} == {True}
    assert schedule(4, 100, 10, frozen=5) == 0 and schedule(9, 100, 10) == 1
    assert schedule(99, 100, 10) < 0.001


def test_rare_classes_count_more_if_they_are_asked_to(config: Config) -> None:
    targets = np.array([0, 0, 0, 1])
    balanced = Loss(_changed(config, "train", class_weight="balanced"), targets)
    assert balanced.weights.tolist() == pytest.approx([2 / 3, 2])
    logits, labels = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    right, wrong = np.log1p(np.exp(-2)), 2 + np.log1p(np.exp(-2))
    expected = (2 / 3 * right + 2 * wrong) / 2
    assert float(balanced({"logits": logits}, labels)) == pytest.approx(expected)


MISTAKES = {
    "--model.name=nowhere/at-all": "model.name nowhere/at-all can't be loaded",
    "--train.batch_size=3 --train.accumulate=2": "take a multiple of 2",
    "--train.learning_rate=1e30": "lower train.learning_rate",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_explained(
    words: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--run=mistaken", *options, *words.split()]) == 2
    assert MISTAKES[words] in capsys.readouterr().err
