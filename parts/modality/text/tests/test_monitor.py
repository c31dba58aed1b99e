"""Texts that read otherwise are noticed, whether they lie in a file or were sent."""

import json
from pathlib import Path

import pandas as pd
import pytest

from my_model import cli, data
from my_model.config import Config
from my_model.formats import contract


def altered(config: Config, path: Path, change) -> Path:
    """Held-out texts, each changed."""
    texts = [change(text) for text in data.load_test(config).inputs["text"]]
    pd.DataFrame({config.data.text: texts}).to_csv(path, index=False)
    return path


def drifted(run: Path) -> list[str]:
    return json.loads((run / "monitor/report.json").read_text())["drifted"]


def test_a_page_and_an_exit_code_tell(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """Held-out texts do not differ from the training ones; nor does the whole file."""
    same = altered(config, tmp_path / "same.csv", lambda text: text)
    for path in (same, config.data.path):
        assert cli.main(["monitor", str(path), "--run=demo", *options]) == 0
    strange = altered(
        config, tmp_path / "strange.csv", lambda text: text.replace("E", "X").replace("A", "Q")
    )
    assert cli.main(["monitor", str(strange), "--run=demo", *options]) == 1
    assert "unseen" in drifted(run) and "characters" not in drifted(run)
    longer = altered(config, tmp_path / "longer.csv", lambda text: f"{text} {text}")
    assert cli.main(["monitor", str(longer), "--run=demo", *options]) == 1
    assert {"characters", "words"} <= set(drifted(run))
    page = (run / "monitor/report.html").read_text()
    assert "<figcaption>words</figcaption>" in page
    assert "http" not in page.replace("http://www.w3.org/", "")  # needs no network


def test_requests_are_read_from_the_log(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """Here only what is predicted has changed; the line that is being written is left alone."""
    promise = contract.load(run / "export/onnx")
    names = [each["name"] for each in contract.described(promise)]
    labels = promise["outputs"]["labels"]
    records = json.loads(data.load_test(config).inputs[names].to_json(orient="records"))
    last = [float(label == labels[-1]) for label in labels]
    answer = {"time": "2026-11-24T08:00:00Z", "label": labels[-1], "probabilities": last}
    lines = [json.dumps({"inputs": record, **answer}) for record in records]
    log = tmp_path / "requests.jsonl"
    log.write_text("\n".join(lines) + "\n" + lines[0][:50])
    assert cli.main(["monitor", str(log), "--run=demo", *options]) == 1
    assert drifted(run) == ["__prediction__"]


def test_too_few_texts_are_not_judged(
    config: Config,
    run: Path,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = altered(config, tmp_path / "few.csv", lambda text: text)
    frame = pd.read_csv(path).head(120)
    frame.loc[50:] = " "  # no text, so none to judge
    frame.to_csv(path, index=False)
    assert cli.main(["monitor", str(path), "--run=demo", *options]) == 2
    assert "50 rows are too few to judge" in capsys.readouterr().err
