"""Each way of tuning learns, repeats itself, and becomes a model that can be used."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made import reading, table, written
from safetensors.torch import load_file
from torch.nn import functional as F

from my_model import data, infer
from my_model.config import Config
from my_model.formats import gguf
from my_model.model import build
from my_model.runs import UserError
from my_model.train import fit
from my_model.training.adapters import APART, WAYS, adapted


@pytest.fixture(scope="module")
def few(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration that trains for an epoch on short conversations."""
    path = written(tmp_path_factory.mktemp("few"), table(60))
    return _changed(reading(config, path), "train", epochs=1, batch_size=4)


@pytest.mark.parametrize("method", WAYS)
def test_each_method_learns_and_goes_on_after_a_stop_to_the_same_bytes(
    method: str, few: Config, tmp_path: Path
) -> None:
    few, splits = _changed(_method(few, method), "train", epochs=3, check_steps=8), data.load(few)
    checks = list[float]()

    def stop(step: int, metrics: dict[str, float]) -> None:
        if step > 8:
            raise KeyboardInterrupt

    models = [fit(few, splits, lambda _, told: checks.append(told["val_loss"]), tmp_path / "whole")]
    with pytest.raises(KeyboardInterrupt):
        fit(few, splits, stop, tmp_path / "stopped")
    models.append(fit(few, splits, lambda step, metrics: None, tmp_path / "stopped"))
    folders = [tmp_path / "one", tmp_path / "other"]
    for model, folder in zip(models, folders, strict=True):
        infer.save(model, folder)
    one, other = ({path.name: path.read_bytes() for path in f.iterdir()} for f in folders)
    assert one == other and ("adapter.safetensors" in one) == (method in APART)
    loaded, inputs = infer.load(folders[0]), splits.val.inputs
    told = infer.predict(loaded, inputs)
    np.testing.assert_array_equal(told, infer.predict(models[0], inputs))
    before = infer.predict(build(few, splits), inputs)[:, 0].sum()
    assert told[:, 0].sum() < 0.995 * before
    assert told[:, 0].sum() / told[:, 1].sum() == pytest.approx(min(checks), rel=0.01)


@pytest.mark.parametrize("method", APART)
def test_what_stays_apart_answers_token_by_token_as_it_was_trained(
    method: str, few: Config, tmp_path: Path
) -> None:
    """Other rows of a batch, filled up in front, change nothing; a bottleneck begins as nothing."""
    few, splits = _method(few, method), data.load(few)
    model = build(few, splits)
    weights = {name: weight.clone().cpu() for name, weight in model.network.state_dict().items()}
    ids, mask = torch.arange(9, 18)[None], torch.ones(1, 9).long()
    tokens = {"input_ids": ids, "attention_mask": mask}
    tokens = {name: values.to(model.network.device) for name, values in tokens.items()}
    before = _logits(model.network, tokens)
    adapted(model.network, few)
    assert torch.equal(_logits(model.network, tokens), before) == (method == "bottleneck")
    with torch.no_grad():
        for weight in model.network.parameters():
            weight += weight.requires_grad * torch.randn_like(weight)
    infer.save(model, tmp_path / "model")
    plain = load_file(tmp_path / "model/model.safetensors")
    assert plain.keys() <= weights.keys()
    assert all(torch.equal(weights[name], known) for name, known in plain.items())
    network = infer.load(tmp_path / "model").network
    assert torch.equal(_logits(network, tokens), _logits(model.network, tokens))
    ids, padded = tokens["input_ids"], F.pad(tokens["input_ids"], (3, 0))
    mask = F.pad(tokens["attention_mask"], (3, 0))
    said = network.generate(input_ids=padded, attention_mask=mask, max_new_tokens=6)[:, 12:]
    for _ in range(said.shape[1]):
        following = network(input_ids=ids).logits[:, -1:].argmax(-1)
        ids = torch.cat([ids, following], dim=1)
    assert ids[0, 9:].tolist() == said[0].tolist()
    with pytest.raises(UserError, match=f"a {method} can't be merged"):
        gguf.convert(model, splits.schema, tmp_path, None)
    with pytest.raises(UserError, match=f"it was tuned with {method}, which is not merged"):
        build(_changed(few, "model", name=str(tmp_path / "model")), splits)


def _method(config: Config, method: str) -> Config:
    rate = {"ia3": 0.1, "prefix": 0.1}.get(method, 0.01)  # of random weights, little can be made
    formats = [] if method in APART else config.export.formats
    config = _changed(config, "export", formats=formats)
    return _changed(config, "train", method=method, rank=4, learning_rate=rate)


def _logits(network: torch.nn.Module, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        logits = network(tokens["input_ids"], attention_mask=tokens["attention_mask"]).logits
    return logits[tokens["attention_mask"].bool()]


def _changed(config: Config, section: str, **settings: object) -> Config:
    changed = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: changed})
