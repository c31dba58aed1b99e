"""Pictures change at random in training alone, in the same way whenever it is asked for."""

import numpy as np
import torch

from my_model import data, infer
from my_model.augment import augmented
from my_model.config import Config
from my_model.model import Samples, build
from my_model.settings.model import Augment

ROWS = np.arange(8)


def test_training_alone_sees_changed_pictures(config: Config) -> None:
    splits = data.load(config)
    model = build(config, splits)
    plain = Samples(model, splits.train.inputs)
    training = Samples(model, splits.train.inputs, config)
    assert not torch.equal(training.__getitems__((0, ROWS)), plain.take(ROWS))
    assert torch.equal(training.take(ROWS), plain.take(ROWS))
    seen: list[torch.Tensor] = []
    model.network.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0]))
    infer.predict(model, splits.val.inputs)
    assert torch.equal(torch.cat(seen), Samples(model, splits.val.inputs).take(slice(None)))


def test_a_picture_changes_by_seed_epoch_and_row_alone(config: Config) -> None:
    splits = data.load(config)
    samples = Samples(build(config, splits), splits.train.inputs, config)
    first, again, later = (samples.__getitems__((epoch, ROWS)) for epoch in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, later)
    assert torch.equal(samples.__getitems__((0, ROWS[::-1].copy())), first.flip(0))


def test_each_change_does_what_it_says() -> None:
    picture = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    picture[:, 12:20, 2:6] = 200  # a bar on the left
    none = {"flip": False, "rotate": 0, "shift": 0, "scale": 0, "light": 0}
    assert torch.equal(_changed(picture, none), picture)
    flips = [_changed(picture, none | {"flip": True}, seed) for seed in range(20)]
    mirrored = [torch.equal(flip, picture.flip(2)) for flip in flips]
    unchanged = [torch.equal(flip, picture) for flip in flips]
    assert 0 < sum(mirrored) < 20 and sum(mirrored) + sum(unchanged) == 20
    brighter = _changed(torch.full_like(picture, 100), none | {"light": 0.2})
    assert len(brighter.unique()) == 1 and 49 <= int(brighter.max()) <= 151


def _changed(picture: torch.Tensor, settings: dict[str, float], seed: int = 0) -> torch.Tensor:
    return augmented(picture, Augment(**settings), [np.random.default_rng(seed)])
