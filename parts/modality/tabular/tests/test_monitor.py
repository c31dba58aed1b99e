"""Drift is found where it was planted, and hardly anywhere else."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import cli, data
from my_model.config import Config
from my_model.drift.reference import build, shown
from my_model.drift.statistics import compare, predicted
from my_model.formats import contract, onnx_runtime
from my_model.tables.infer import infer
from my_model.tables.rows import fresh
from my_model.tables.schema import Schema, canonical

KINDS = {
    **dict.fromkeys(["speed", "day", "skewed", "__prediction__"], "number"),
    **dict.fromkeys(["phase", "airport", "nearly unique", "gappy"], "category"),
}


def rows(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Eight columns as real tables have them: gaps, ties, many rare levels, almost an id."""
    speed = np.where(rng.random(count) < 0.3, np.nan, rng.normal(150, 40, count))
    return pd.DataFrame(
        {
            "speed": speed,
            "day": np.floor(rng.uniform(7000, 12000, count)),
            "skewed": np.where(rng.random(count) < 0.8, 0, rng.lognormal(3, 2, count)),
            "__prediction__": rng.beta(1, 8, count),
            "phase": rng.choice(["approach", "climb", "roll"], count, p=[0.5, 0.3, 0.2]),
            "airport": [f"A{level}" for level in rng.zipf(1.5, count)],
            "nearly unique": [f"id{level}" for level in rng.integers(0, 100_000, count)],
            "gappy": np.where(rng.random(count) < 0.05, "", rng.choice(list("abc"), count)),
        }
    )


@pytest.mark.parametrize("window", [1000, 300])
def test_50_windows_without_drift_raise_at_most_3_alarms(window: int) -> None:
    alarms = 0
    for repeat in range(50):
        rng = np.random.default_rng(repeat)
        findings = compare(rows(3000, rng), rows(window, rng), KINDS, 0.01)
        alarms += any(finding.drifted for finding in findings)
    assert alarms <= 3


@pytest.mark.parametrize(
    "column, test",
    [("speed", "values"), ("phase", "values"), ("airport", "values"), ("gappy", "missing")],
)
def test_a_shift_is_found_in_1000_rows_and_only_there(column: str, test: str) -> None:
    rng = np.random.default_rng(0)
    reference, current = rows(3000, rng), rows(1000, rng)
    some = rng.random(1000) < 0.1
    current["speed"] += 10 * (column == "speed")  # a quarter sigma
    for name, level in {"phase": "roll", "airport": "a new one", "gappy": ""}.items():
        current.loc[some & (column == name), name] = level
    findings = compare(reference, current, KINDS, 0.01)
    assert [(f.column, f.test) for f in findings if f.drifted] == [(column, test)]


def test_no_last_bit_is_a_shift() -> None:
    """Another way to add up moves whole levels by a bit, and a rank test would see nothing else."""
    rng = np.random.default_rng(0)
    column = rng.choice(np.array([0.1, 0.38625, 0.7], np.float32), 2000)
    before = pd.DataFrame({"speed": column, "__prediction__": column})
    kinds = dict.fromkeys(before, "number")

    def drifted(change: dict[str, np.ndarray], tolerance: float = 0.0) -> list[str]:
        found = compare(before, before.assign(**change), kinds, 0.01, tolerance)
        return [finding.column for finding in found if finding.drifted]

    assert drifted({name: np.nextafter(column, np.float32(2)) for name in kinds}) == []
    assert drifted({name: np.nextafter(column, np.float32(-2)) for name in kinds}) == []
    moved = {name: column + np.float32(5e-5) for name in kinds}
    assert drifted(moved) == [*kinds] and drifted(moved, tolerance=1e-4) == ["speed"]


@pytest.mark.parametrize("together", [True, False])
def test_a_table_of_few_distinct_rows_does_not_drift_from_itself(together: bool) -> None:
    """Whether equal rows share a split, which is then unlike the whole, or are split at random."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 12, 1200)
    table = pd.DataFrame({"plan": [f"p{kind % 3}" for kind in kinds], "age": kinds // 3 * 10.0})
    columns = infer(table)
    inputs = canonical(table, columns)
    test = kinds >= 9 if together else rng.random(1200) < 0.2
    chances = rng.random(12).astype(np.float32)

    def predict(rows: pd.DataFrame) -> np.ndarray:
        own = chances[(rows["age"] * 0.3 + rows["plan"].str[1:].astype(int)).round().astype(int)]
        return np.stack([1 - own, own + rng.choice([0, 6e-8], len(rows))], axis=1)

    schema = Schema(target="y", labels=["no", "yes"], columns=columns)
    reference = build(predict, [inputs[~test]], inputs[test], schema, seed=0)
    answers = predicted(predict(inputs), schema.labels)
    own = shown(inputs, ["plan", "age"]).assign(__prediction__=answers)
    before, now, reason = reference.beside(own)
    tested = {"plan": "category", "age": "number", "__prediction__": "number"}
    assert not reason and not any(f.drifted for f in compare(before, now, tested, 0.01, 1e-4))


def test_the_export_of_an_older_version_is_compared_by_its_inputs(
    config: Config, run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its reference holds predictions of training rows, which say nothing of new ones."""
    old = run.with_name("old")
    shutil.copytree(run, old)
    folder = old / "export/onnx"
    for name in ("reference-predictions.parquet", "reference-fitted.npy"):
        (folder / name).unlink()
    inputs = pd.read_parquet(folder / "reference.parquet")
    inputs.assign(__prediction__=np.float32(0.5)).to_parquet(folder / "reference.parquet")
    assert cli.main(["monitor", str(config.data.path), "--run=old", *options]) == 0
    assert "predictions are not compared" in capsys.readouterr().out
    shutil.rmtree(old)


def test_predictions_of_fitted_rows_are_not_compared(
    config: Config,
    run: Path,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = pd.read_csv(
        config.data.path, na_values=config.data.missing, keep_default_na=False
    ).dropna(subset=config.data.target)
    rows = frame.loc[data.load(config).train.inputs.index]
    rows.to_csv(path := tmp_path / "fitted.csv", index=False)
    assert cli.main(["monitor", str(path), "--run=demo", *options]) == 0
    assert f"fitted on {len(rows):,} of {len(rows):,} rows" in capsys.readouterr().out
    assert json.loads((run / "monitor/report.json").read_text())["predictions"] is None


def test_a_page_and_an_exit_code_tell(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """The demo data does not differ from itself; with one column moved by a sigma it does."""
    inputs = contract.load(run / "export/onnx")["inputs"]
    number = next(i["name"] for i in inputs if i["type"] == "number")
    frame = pd.read_csv(config.data.path, na_values=config.data.missing, keep_default_na=False)
    moved = frame.assign(**{number: frame[number] + frame[number].std()})
    for table, code in ((frame, 0), (moved, 1)):
        table.to_csv(tmp_path / "new.csv", index=False)
        assert cli.main(["monitor", str(tmp_path / "new.csv"), "--run=demo", *options]) == code
        report = json.loads((run / "monitor/report.json").read_text())
        assert (number in report["drifted"]) == bool(code)
    page = (run / "monitor/report.html").read_text()
    assert f"<figcaption>{number}</figcaption>" in page
    assert "http" not in page.replace("http://www.w3.org/", "")  # needs no network


def test_requests_are_read_from_the_log(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """Predictions are the logged ones; the line that the server is writing is left alone."""
    model = onnx_runtime.load(run / "export/onnx")
    names = [i["name"] for i in model.contract["inputs"]]
    frame = pd.read_csv(config.data.path, na_values=config.data.missing, keep_default_na=False)
    answer = (
        {"value": 1e6} if model.contract["outputs"]["labels"] is None else {"probabilities": [0, 1]}
    )
    records = json.loads(frame[names].to_json(orient="records"))
    lines = [json.dumps({"time": "2026-11-24T08:00:00Z", "inputs": r, **answer}) for r in records]
    log = tmp_path / "requests.jsonl"
    others = [json.dumps(json.loads(line) | {"model": "of old"}) for line in lines[:9]]
    log.write_text("\n".join([*others, *lines]) + "\n" + lines[0][:50])
    assert cli.main(["monitor", str(log), "--run=demo", *options]) == 1
    report = json.loads((run / "monitor/report.json").read_text())
    assert report["drifted"] == ["__prediction__"]
    assert report["rows"] == len(frame)


def test_too_few_rows_are_not_judged(
    config: Config,
    run: Path,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = pd.read_csv(config.data.path, na_values=config.data.missing, keep_default_na=False)
    frame.head(99).to_csv(tmp_path / "few.csv", index=False)
    assert cli.main(["monitor", str(tmp_path / "few.csv"), "--run=demo", *options]) == 2
    assert "99 rows are too few to judge" in capsys.readouterr().err
    assert cli.main(["monitor", str(tmp_path / "none.csv"), "--run=demo", *options]) == 2
    assert "none.csv: no such file" in capsys.readouterr().err


def test_what_monitor_leaves_out_is_told(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text(config.data.path.read_text("utf-8") + "a cell too few\n", "utf-8")
    loose = config.data.model_copy(update={"bad_rows": "skip"})
    columns = data.load(config).schema.columns
    fresh(path, columns, config.model_copy(update={"data": loose}))
    assert "a cell too few" in capsys.readouterr().out
