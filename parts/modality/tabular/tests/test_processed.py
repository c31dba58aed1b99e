"""Rows are parsed once for all stages, and again whenever anything they come from is other."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from my_model import data, infer
from my_model.config import Config
from my_model.formats import exact, onnx_runtime, parity
from my_model.runs import UserError
from my_model.tables import files, processed
from my_model.tables.schema import schema_file


@pytest.fixture
def own(config: Config, tmp_path: Path) -> Config:
    """The configuration with a copy of the demo file, and folders of its own."""
    path = shutil.copy(config.data.path, tmp_path / "own.csv")
    paths = {name: tmp_path / name for name in ("runs", "processed", "schemas")}
    return config.model_copy(
        update={
            "data": config.data.model_copy(update={"path": Path(path)}),
            "paths": config.paths.model_copy(update=paths),
        }
    )


def parsed(config: Config, monkeypatch: pytest.MonkeyPatch) -> int:
    """Load the rows and return how often the file was parsed for it."""
    calls, table = list[Path](), files.table
    with monkeypatch.context() as patch:
        patch.setattr(
            files, "table", lambda path, *given: calls.append(path) or table(path, *given)
        )
        data.load(config)
    return len(calls)


def test_rows_are_parsed_once_and_are_the_same_again(
    own: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = data.load_all(own)
    assert parsed(own, monkeypatch) == 0
    for before, after in zip((first[0].train, first[0].val, first[1]), _parts(own), strict=True):
        pd.testing.assert_frame_equal(before.inputs, after.inputs)
        assert (before.targets == after.targets).all() and (before.ids == after.ids).all()
        assert before.targets.dtype == after.targets.dtype and before.ids.dtype == after.ids.dtype
    assert first[0].schema == data.load(own).schema


def _parts(config: Config) -> tuple:
    splits, test = data.load_all(config)
    return splits.train, splits.val, test


def test_whatever_rows_come_from_is_looked_at(own: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    data.load(own)
    lines = own.data.path.read_text("utf-8").splitlines(keepends=True)
    own.data.path.write_text("".join(lines[:-1]), "utf-8")
    assert parsed(own, monkeypatch) == 1 and parsed(own, monkeypatch) == 0
    other = own.data.model_copy(update={"missing": [*own.data.missing, "unknown"]})
    assert parsed(own.model_copy(update={"data": other}), monkeypatch) == 1
    schema = schema_file(own.data.path, own.paths.schemas)
    data.load(own)
    name = data.load(own).schema.columns[0].name
    text = schema.read_text("utf-8").replace("decided: {}", f"decided:\n  {name!r}: {OPEN}")
    schema.write_text(text, "utf-8")
    assert parsed(own, monkeypatch) == 1
    (kept,) = own.paths.processed.glob("rows-*.parquet")
    kept.write_bytes(kept.read_bytes()[:-100])
    assert parsed(own, monkeypatch) == 1 and parsed(own, monkeypatch) == 0


OPEN = "{missing: true}"


def test_a_file_that_is_gone_is_gone(own: Config) -> None:
    data.load(own)
    own.data.path.unlink()
    with pytest.raises(UserError, match="no such file"):
        data.load(own)
    assert processed._file(own).exists()


def test_an_export_is_held_to_the_cells_of_the_file(own: Config, run: Path) -> None:
    splits, test = data.load_all(own)
    parts = {"test": test, "validation": splits.val, "training": splits.train}
    model, exported = infer.load(run / "model"), onnx_runtime.load(run / "export/onnx")
    answers = parity.expect(
        lambda inputs: infer.predict(model, inputs), {name: p.inputs for name, p in parts.items()}
    )
    threshold = exported.contract["outputs"]["threshold"]
    checked = exact.check(model, answers, exported, parts, splits.schema, threshold, own)
    assert checked["rows_from_file"] == sum(len(part.inputs) for part in parts.values())
    column = next(column for column in splits.schema.columns if column.kind == "number")
    table = pd.read_csv(own.data.path, dtype="str", keep_default_na=False)
    table.loc[6, column.name] = "4321"
    table.to_csv(own.data.path, index=False)
    told = rf"row 7, column '{column.name}': training read .* the contract .*4321"
    with pytest.raises(UserError, match=told):
        exact.check(model, answers, exported, parts, splits.schema, threshold, own)
