"""Networks of every family answer alike from their ONNX file, on pictures at the limits too."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import timm
import torch
from safetensors.torch import save_file

from my_model import data
from my_model.config import Config
from my_model.formats import onnx
from my_model.model import build
from my_model.runs import UserError
from my_model.training.objective import answering

NAMES = ["cnn", "mobilenetv3_small_050", "vit_tiny_patch16_224"]


def _named(config: Config, name: str, **settings: str | Path) -> Config:
    settings |= {"name": name}
    return config.model_copy(update={"model": config.model.model_copy(update=settings)})


@pytest.mark.parametrize("name", NAMES)
def test_the_file_answers_as_the_network(name: str, config: Config, tmp_path: Path) -> None:
    splits = data.load(config)
    torch.manual_seed(0)
    model = build(_named(config, name), splits)
    size, rng = config.data.size, np.random.default_rng(0)
    pixels = rng.integers(0, 256, (9, size, size, 3), np.uint8)
    pixels[0], pixels[1] = 0, 255
    model.network.train()(torch.from_numpy(pixels))  # else normalisation has seen nothing yet
    onnx.convert(model, splits.schema, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found, labels = session.run(None, {"image": pixels})
    with torch.inference_mode():
        expected = answering(model.network)(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert labels.tolist() == [splits.schema.labels[code] for code in found.argmax(axis=1)]


def test_pretrained_weights_come_from_a_file(config: Config, tmp_path: Path) -> None:
    pretrained = timm.create_model("mobilenetv3_small_050", num_classes=1000)
    save_file(pretrained.state_dict(), tmp_path / "weights.safetensors")
    chosen = _named(config, "mobilenetv3_small_050", weights=tmp_path / "weights.safetensors")
    backbone = build(chosen, data.load(config)).network.backbone.state_dict()
    known = pretrained.state_dict()
    assert len(backbone) > 100
    assert all(torch.equal(weight, known[key]) for key, weight in backbone.items())


def test_a_name_that_is_not_there(config: Config) -> None:
    with pytest.raises(UserError, match="timm has no 'resnet19'; did you mean resnet"):
        build(_named(config, "resnet19"), data.load(config))
    with pytest.raises(UserError, match=r"nowhere\.safetensors for resnet18"):
        build(_named(config, "resnet18", weights=Path("nowhere.safetensors")), data.load(config))
