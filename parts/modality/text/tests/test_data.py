"""A text and its twins are in one split, for ever; what is odd about a file is told."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import reading, table, written

from my_model import data
from my_model.config import Config
from my_model.runs import UserError
from my_model.tables import profile


def test_twins_share_a_split_and_wrong_labels_are_named(config: Config, tmp_path: Path) -> None:
    frame = table()
    again = frame.head(30).assign(text=frame["text"].str.upper() + "!")
    nearly = frame.head(30).assign(text=frame["text"].str.replace(" ", " 12 ", n=1))
    wrong = again.head(3).assign(label=again["label"].map({"good": "bad", "bad": "good"}))
    shaped = reading(config, written(tmp_path, pd.concat([frame, again, nearly, wrong])))
    splits, test = data.load(shaped), data.load_test(shaped)
    split = {
        text.lower().rstrip("!").replace(" 12 ", " ") + text[-1:] + ("12" * ("12" in text)): number
        for number, part in enumerate((splits.train, splits.val, test))
        for text in part.inputs["text"]
    }
    for text in frame["text"].head(30):
        assert split[text + text[-1]] == split[text + "!"] == split[text + text[-1] + "12"]
    assert set(split.values()) == {0, 1, 2}
    warnings = " ".join(profile.profile(splits)["warnings"])
    assert "63 texts are the same as another one, 9 of them beside one of another" in warnings
    assert "60 texts are nearly the same as another one." in warnings


def test_a_text_stays_in_its_split_when_others_come(config: Config, tmp_path: Path) -> None:
    shaped = reading(config, written(tmp_path, table()))
    before = set(data.load_test(shaped).ids)
    written(tmp_path, pd.concat([table(60, 1), table()]))
    after, train = set(data.load_test(shaped).ids), set(data.load(shaped).train.ids)
    assert before <= after and not before & train and len(after) > len(before)


def test_groups_stay_together_and_times_in_order(config: Config, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=120).strftime("%d.%m.%Y")
    frame = table().assign(author=np.arange(120) // 4, sent=days)
    path = written(tmp_path, frame.sample(frac=1, random_state=0))
    for settings, column in (({"group": "author"}, "author"), ({"time": "sent"}, "sent")):
        shaped = reading(config, path, source=column, **settings)
        parts = [data.load(shaped).train, data.load(shaped).val, data.load_test(shaped)]
        values = [part.inputs[column].astype("str") for part in parts]
        assert not set(values[0]) & set(values[1]) and not set(values[0]) & set(values[2])
        days_of = [pd.to_datetime(some, format="%d.%m.%Y") for some in values if column == "sent"]
        assert all(one.max() < later.min() for one, later in pairwise(days_of))


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]


@pytest.mark.parametrize("kind", [*ENCODINGS, "parquet", "jsonl", "csv.gz", ";"])
def test_however_it_is_stored_it_is_the_same(kind: str, config: Config, tmp_path: Path) -> None:
    plain = [f"{text} {'x' * 900}" for text in table()["text"].str.replace("é", "e")]
    frame = table().assign(text=[*plain[:-1], "garçon " + plain[-1]])  # after 64 kB of ASCII
    path = tmp_path / f"texts.{kind}" if "." in kind or kind.isalpha() else tmp_path / "texts.csv"
    if kind == "parquet":
        frame.assign(text=frame["text"].astype("category")).to_parquet(path)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        encoding = kind if kind in ENCODINGS else "utf-8"
        frame.to_csv(path, index=False, encoding=encoding, sep=";" if kind == ";" else ",")
    shaped = reading(config, path)
    parts = [data.load(shaped).train, data.load(shaped).val, data.load_test(shaped)]
    assert {text for part in parts for text in part.inputs["text"]} == set(frame["text"])


def test_empty_and_misread_texts_are_told(config: Config, tmp_path: Path) -> None:
    frame = table()
    frame.loc[:2, "text"] = ["", "  ", None]
    frame.loc[3, "label"] = None
    frame.loc[4, "text"] = "a\x01b\r\nc garÃ§on"
    path = written(tmp_path, frame)
    splits = data.load(reading(config, path))
    manifest, notes = splits.manifest, " ".join(splits.manifest["notes"])
    assert manifest["left_out"] == 3 and manifest["rows_without_target"] == 1
    assert "3 rows of" in notes and "garÃ§on" in notes
    numbers = frame.assign(label=frame["label"].map({"good": 1.0, "bad": 0.0}))
    (tmp_path / "n").mkdir()
    assert data.load(reading(config, written(tmp_path / "n", numbers))).schema.labels == ["0", "1"]


def test_a_row_in_another_encoding_is_refused_by_its_number(config: Config, tmp_path: Path) -> None:
    path = written(tmp_path, table())
    path.write_bytes(path.read_bytes() + "Stra\xdfe nach Genf,good\n".encode("cp1252"))
    with pytest.raises(UserError, match=r"column 'text', row 121: a byte that is no UTF-8"):
        data.load(reading(config, path))


def test_rows_of_too_many_cells_are_refused_or_left_out(config: Config, tmp_path: Path) -> None:
    path = written(tmp_path, table())
    path.write_text(path.read_text("utf-8") + "calm, but late,good\n", "utf-8")
    with pytest.raises(UserError, match=r"row 121 has 3 cells and not 2.*--data\.bad_rows skip"):
        data.load(reading(config, path))
    manifest = data.load(reading(config, path, bad_rows="skip")).manifest
    assert sum(manifest["splits"].values()) == 120
    assert "row 121 has 3 cells" in manifest["notes"][0]


def test_labels_that_a_model_is_against_are_told(config: Config, tmp_path: Path) -> None:
    frame, hints = table(600), {"good": " sun warm mild still", "bad": " rain wind flood hail"}
    frame["text"] = frame["text"].str.split(n=12).str[-1] + frame["label"].map(hints)
    frame.loc[:4, "label"] = frame.loc[:4, "label"].map({"good": "bad", "bad": "good"})
    splits = data.load(reading(config, written(tmp_path, frame)))
    train, (told,) = splits.train, profile.label_issues(splits)
    planted = sum(text in set(train.inputs["text"]) for text in frame.loc[:4, "text"])
    assert planted and told.startswith(f"{planted} of {len(train.ids)} training labels")


def test_a_file_that_no_longer_fits_is_refused(config: Config, tmp_path: Path) -> None:
    frame = table()
    shaped = reading(config, written(tmp_path, frame))
    data.load(shaped)
    spoilt = {
        "label 'goood' is not in .*; is 'good' meant": frame.replace({"label": {"good": "goood"}}),
        "is something missing": frame.head(40),
        "has no 'text'; did you mean": frame.rename(columns={"text": "txt"}),
        "no row with both": frame.assign(text=" "),
    }
    for reason, other in spoilt.items():
        written(tmp_path, other)
        with pytest.raises(UserError, match=reason):
            data.load(shaped)
