"""A picture and its twins are in one split, for ever; labels are those that were recorded."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from made import RNG, folder_of, reading
from PIL import Image

from my_model import data
from my_model.config import Config
from my_model.images.duplicates import kin, look, picture_id
from my_model.runs import UserError
from my_model.tables import profile


def test_twins_share_a_split_and_wrong_labels_are_named(config: Config, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos")
    for row in range(0, 40, 4):
        image = Image.open(next(folder.glob(f"dots/*/{row}.*")))
        image.save(folder / "dots" / f"again{row}.webp", lossless=True)  # the very same pixels
        image.resize((140, 100)).save(folder / "dots" / f"large{row}.jpg", quality=95)
    shutil.copy(next(folder.glob("dots/**/0.*")), folder / "lines" / "wrong.png")
    shaped = reading(config, folder)
    splits, test = data.load(shaped), data.load_test(shaped)
    split = {
        Path(file).relative_to(folder).stem: number
        for number, part in enumerate((splits.train, splits.val, test))
        for file in part.inputs["file"]
        if "dots" in file
    }
    for row in range(0, 40, 4):
        assert split[str(row)] == split[f"again{row}"] == split[f"large{row}"]
    assert len(set(split.values())) == 3
    warnings = " ".join(profile.profile(splits)["warnings"])
    assert "21 pictures are the same as another one, 3 of them beside one of another" in warnings
    assert "20 pictures are nearly the same as another one." in warnings


def test_a_picture_stays_in_its_split_when_others_come(config: Config, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos")
    shaped = reading(config, folder)
    before = set(data.load_test(shaped).ids)
    folder_of(tmp_path / "more", 20)
    shutil.copytree(tmp_path / "more/dots", folder / "dots/more")
    after, train = set(data.load_test(shaped).ids), set(data.load(shaped).train.ids)
    assert before <= after and not before & train and len(after) > len(before)


def test_a_set_that_no_longer_fits_is_refused(config: Config, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos", 40, ("dots", "lines", "rings"))
    shaped = reading(config, folder)
    data.load(shaped)
    (folder / "rings").rename(folder / "rngs")
    with pytest.raises(UserError, match=r"label 'rngs' is not in .* is 'rings' meant"):
        data.load(shaped)
    shutil.rmtree(folder / "rngs")
    shutil.rmtree(folder / "lines")
    with pytest.raises(UserError, match="is something missing"):
        data.load(shaped)


def test_chains_of_near_pictures_are_kin() -> None:
    image = Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8))
    assert picture_id(image) != picture_id(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert look(image) == look(image.copy()) and len(look(image)) == 48
    ids = np.array([9, 7, 5, 9, 3], np.uint64)
    looks = [bytes([level] * 48) for level in (10, 16, 22, 10, 30)]
    assert kin(ids, looks).tolist() == [5, 5, 5, 5, 3]
