"""The networks of keras.applications, and backbones with weights from elsewhere."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from .toolkit.runs import UserError
from .training.backend import keras
from .training.learner import assign, tensors

BACKBONE = "backbone"
Colours = tuple[tuple[float, ...], tuple[float, ...]]
IMAGENET: Colours = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CENTRED: Colours = ((0.5,) * 3, (0.5,) * 3)  # -1 ... 1
MEANS: Colours = ((0.485, 0.458, 0.408), (1 / 255,) * 3)  # 0 ... 255 around the mean
# Mean and standard deviation of red, green and blue that the weights of Keras were trained with.
COLOURS = {
    **dict.fromkeys(["ResNet50", "ResNet101", "ResNet152", "VGG16", "VGG19"], MEANS),
    **dict.fromkeys(["ResNet50V2", "ResNet101V2", "ResNet152V2"], CENTRED),
    **dict.fromkeys(["MobileNet", "MobileNetV2"], CENTRED),
    **dict.fromkeys(["MobileNetV3Small", "MobileNetV3Large"], CENTRED),
    **dict.fromkeys(["DenseNet121", "DenseNet169", "DenseNet201"], IMAGENET),
    **dict.fromkeys([f"EfficientNetV2B{number}" for number in range(4)], IMAGENET),
    **dict.fromkeys([f"EfficientNetV2{size}" for size in "SML"], CENTRED),
}
SCALING = ("MobileNetV3", "EfficientNetV2")  # would scale the colours once more
BGR = {name for name, colours in COLOURS.items() if colours is MEANS}  # the order of their weights


def library(name: str, size: int, weights: str | Path | None = None) -> Any:
    """Return the network `name` for size x size images: features (rows, side, side, channels).

    `weights` is "hub", a .keras or .weights.h5 file, or None for random ones. UserError if the
    network does not exist, can't take such images, or has other weights.
    """
    if name not in COLOURS:
        near = get_close_matches(name, ["cnn", "resnet", *COLOURS], 3, 0)
        raise UserError(f"model.name: there is no {name!r}; did you mean {', '.join(near)}?")
    options = {"include_preprocessing": False} if name.startswith(SCALING) else {}
    place = f"model.name {name}" if weights is None else f"model.weights {weights} for {name}"
    hub = "imagenet" if weights == "hub" else None
    try:
        make = getattr(keras.applications, name)
        network = make(include_top=False, weights=hub, input_shape=(size, size, 3), **options)
        if isinstance(weights, Path):
            _load(network, weights)
    except Exception as error:  # Keras and the readers of files raise their own
        reason = " ".join(str(error).split())[:200].rstrip(".")
        hint = f"data.size {size} is too small for " if "at least" in reason else ""
        raise UserError(f"{hint}{place}: {reason}.") from None
    if weights is not None and name in BGR:
        first = network.weights[0]
        first.assign(np.array(first)[:, :, ::-1])
    network.name = BACKBONE  # the prefix of its weights; the constructors need their own names
    return network


def colour_statistics(name: str, weights: str | Path) -> tuple[Any, Any]:
    """Return mean and standard deviation of red, green and blue that go with the weights."""
    if not _of_run(weights):
        return COLOURS.get(name, IMAGENET)
    found = _read(weights)
    if not {"mean", "spread"} <= {*found}:
        raise UserError(_explained(weights, "it has no `mean` and `spread`"))
    return found["mean"], found["spread"]


def load_backbone(network: Any, name: str, size: int, weights: str | Path | None = None) -> None:
    """Load `weights` into the network's backbone, if given. UserError if they do not fit."""
    if weights is None:
        return
    own = tensors(network)
    if _of_run(weights):
        found = _read(weights)
    elif name in COLOURS:
        known = tensors(library(name, size, weights))
        found = {f"{BACKBONE}.{key}": array for key, array in known.items()}
    else:
        raise UserError(_explained(weights, f"{name} has no other weights"))
    for key in own:
        if key.startswith(f"{BACKBONE}."):
            if key not in found or found[key].shape != own[key].shape:
                raise UserError(_explained(weights, f"{key} is not in it, or of another shape"))
            own[key] = found[key]
    assign(network, own)


def _load(network: Any, path: Path) -> None:
    """Load a file of the same network, with or without its last layers."""
    if path.suffix != ".keras":
        network.load_weights(path)
        return
    known = tensors(keras.models.load_model(path, compile=False))
    own = tensors(network)
    if missing := [key for key in own if key not in known]:
        raise ValueError(f"{len(missing)} weights are not in it, such as {missing[0]}")
    assign(network, {key: known[key] for key in own})


def _of_run(weights: str | Path) -> bool:
    return Path(weights).suffix == ".safetensors"


def _read(weights: str | Path) -> dict[str, np.ndarray]:
    try:
        return load_file(weights)
    except (OSError, SafetensorError) as error:
        raise UserError(_explained(weights, str(error))) from None


def _explained(weights: str | Path, reason: str) -> str:
    advice = "take model/weights.safetensors of a run with the same model.name, width and depth"
    return f"model.weights {weights}: {reason}: {advice}."
