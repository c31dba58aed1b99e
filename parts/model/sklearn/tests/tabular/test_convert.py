"""Conversion at its hardest: values that hug every threshold, and columns with unhelpful names."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import optuna
import pandas as pd
import pytest
from quick import MODELS

from my_model import data, infer, tune
from my_model.config import Config
from my_model.data import Split, Splits
from my_model.formats import onnx, onnx_runtime
from my_model.formats.feed import feed
from my_model.model import Model, build
from my_model.runs import UserError
from my_model.settings.train import BOOSTING
from my_model.tables.cells import Column
from my_model.tables.schema import Schema
from my_model.train import fit, refit

ROWS = 20_000
CENTRES = np.array([1.0, 1e-3, 123456.7, -7.5, 3e20], np.float32)


@pytest.mark.parametrize("bag", [1, 3])
@pytest.mark.parametrize("labels", [["no", "yes"], ["a", "b", "c"], None])
@pytest.mark.parametrize("name", MODELS)
def test_every_neighbouring_float_takes_the_same_branch(
    name: str, labels: list[str] | None, bag: int, config: Config, tmp_path: Path
) -> None:
    """Between two such floats there is no third, so each threshold can only fall on one of them."""
    rng = np.random.default_rng(0)
    steps = np.stack([CENTRES] * 40)
    for step in range(1, len(steps)):
        steps[step] = np.nextafter(steps[step - 1], np.float32(np.inf))
    drawn = rng.integers(len(steps), size=(ROWS, len(CENTRES)))
    inputs = pd.DataFrame(np.take_along_axis(steps, drawn, axis=0), columns=list("abcde"))
    signal = drawn @ rng.normal(size=len(CENTRES)) + rng.normal(size=ROWS)
    inputs.loc[rng.random(ROWS) < 0.1, "a"] = np.nan
    cuts = np.quantile(signal, np.arange(1, len(labels or "")) / len(labels or "."))
    targets = signal.astype(np.float32) if labels is None else np.searchsorted(cuts, signal)
    schema = _schema(inputs, labels)
    train = {"rounds": 20, "trees": 20, "max_leaf_nodes": 64, "threads": 1, "bag": bag}
    chosen = _with(config, model={"name": name}, train=train)
    model = _fit(inputs, targets, schema, chosen, tmp_path)
    _assert_same(model, inputs, schema, 0.5 if labels and len(labels) == 2 else None, tmp_path)


@pytest.mark.parametrize("labels", [["no", "yes"], ["a", "b", "c"], None])
def test_native_categories_answer_alike(
    labels: list[str] | None, config: Config, tmp_path: Path
) -> None:
    """Levels that are rare or were never seen have to fall on the same side of each split."""
    inputs, targets = _many_levels(labels)
    schema = _schema(inputs, labels)
    settings = {"name": "lightgbm", "categories": "native"}
    chosen = _with(config, model=settings, train={"rounds": 100, "threads": 1})
    model = _fit(inputs[:3000], targets[:3000], schema, chosen, tmp_path)
    assert "num_cat=0" not in model[-1].booster_.model_to_string().split("Tree=1")[0]
    strange = inputs.assign(a=pd.Categorical(["never seen"] * 4000))
    threshold = 0.5 if labels and len(labels) == 2 else None
    _assert_same(model, pd.concat([inputs, strange]), schema, threshold, tmp_path)


def test_both_ways_of_splitting_categories_are_tried_where_they_differ(
    config: Config, tmp_path: Path
) -> None:
    """The better one of the validation rows is kept, noted in the run, and taken by a refit."""
    inputs, targets = _many_levels(None)
    for table, name, tried in (
        (inputs, "lightgbm", True),
        (inputs, "xgboost", False),
        (inputs[["x"]], "lightgbm", False),
    ):
        rows = [
            Split(table[part], targets[part], np.arange(4000, dtype=np.uint64)[part])
            for part in (slice(0, 3000), slice(3000, 4000))
        ]
        splits, found = Splits(*rows, _schema(table, None), {}), dict[str, tuple[float, Model]]()
        train = {"rounds": 50, "threads": 1, "refit": "always"}
        for way in ("ordinal", "native", "auto") if tried else ("ordinal", "auto"):
            chosen = _with(config, model={"name": name, "categories": way}, train=train)
            losses = list[float]()
            model = fit(
                chosen, splits, lambda step, m, to=losses: to.append(m["val_loss"]), tmp_path
            )
            found[way] = min(losses), model
        assert found["auto"][0] == min(loss for loss, _ in found.values())
        assert (tmp_path / "config.yaml").exists() == tried
        if tried:
            better = min(("ordinal", "native"), key=lambda way: found[way][0])
            assert f"categories: {better}" in (tmp_path / "config.yaml").read_text()
            columns = [
                each[-1].get_params().get("categorical_column")
                for each in (
                    found[better][1],
                    found["auto"][1],
                    refit(found["auto"][1], chosen, splits),
                )
            ]
            assert columns[0] == columns[1] == columns[2] and better == "native"
            (tmp_path / "config.yaml").unlink()


def _many_levels(labels: list[str] | None) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 4,000 rows with two categories that matter, whose names tell nothing."""
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.geometric(0.03, (4000, 2)), 250)
    signal = rng.normal(size=(2, 251))[[0, 1], codes].sum(axis=1) + rng.normal(size=4000) / 2
    signal += np.where(rng.random(4000) < 0.5, 0, 1e-3)
    inputs = pd.DataFrame({"x": signal + rng.normal(size=4000)}, dtype=np.float32)
    for place, name in enumerate("ab"):
        inputs[name] = pd.Categorical([f"level {code}" for code in codes[:, place]])
    inputs.loc[rng.random(4000) < 0.1, "x"] = np.nan
    cuts = np.quantile(signal, np.arange(1, len(labels or "")) / len(labels or "."))
    return inputs, signal.astype(np.float32) if labels is None else np.searchsorted(cuts, signal)


def test_a_search_tries_both_ways_where_there_are_two(config: Config) -> None:
    key = "model.categories"
    assert key in tune._ranges("lightgbm") and key not in tune._ranges("xgboost")
    tried = set()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(10):
        trial = study.ask()
        tried.add(tune._suggest(trial, _with(config, model={"name": "lightgbm"})).model.categories)
    assert tried == {"ordinal", "native"}


def test_native_categories_are_refused_where_an_export_would_differ(
    config: Config, tmp_path: Path
) -> None:
    chosen = _with(config, model={"name": "hist-gradient-boosting", "categories": "native"})
    with pytest.raises(UserError, match="take ordinal"):
        build(chosen, data.load(chosen))


@pytest.mark.parametrize("name", MODELS)
def test_it_says_when_later_rows_are_unlike_the_training_rows(
    name: str, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = np.arange(18262, 20262, dtype=np.float32)
    inputs = pd.DataFrame({"x": np.random.default_rng(0).normal(size=2000), "day": days})
    inputs, targets = inputs.astype(np.float32), (inputs["x"] > 0).to_numpy().astype(np.int64)
    columns = [Column(name="x", kind="number"), Column(name="day", kind="date")]
    ids, schema = days.astype(np.uint64), Schema(target="y", labels=["a", "b"], columns=columns)
    train = Split(inputs[:1500], targets[:1500], ids[:1500])
    for time, same, warned in (("day", False, True), ("day", True, False), (None, False, False)):
        later = targets[1500:] if same else 1 - targets[1500:]
        splits = Splits(train, Split(inputs[1500:], later, ids[1500:]), schema, {})
        settings = {"rounds": 150, "trees": 5, "threads": 1}
        chosen = _with(config, model={"name": name}, train=settings, data={"time": time})
        fit(chosen, splits, lambda step, metrics: None, tmp_path)
        warning = "the validation rows, day 2024-02-09 to 2025-06-22, are unlike"
        assert (warning in capsys.readouterr().out) == (warned and name in BOOSTING)


def test_a_bag_is_refused_for_rows_in_order_of_time(config: Config) -> None:
    splits = data.load(config)
    with pytest.raises(UserError, match=r"train\.bag: .* set it to 1"):
        build(_with(config, train={"bag": 5}, data={"time": "day"}), splits)


def test_columns_may_have_any_name(config: Config, tmp_path: Path) -> None:
    names = ["probabilities", "label", 'a "quoted", name', "größe/μm 🐧", "node0", "_node", " "]
    rng = np.random.default_rng(0)
    inputs = pd.DataFrame(rng.normal(size=(500, len(names))).astype(np.float32), columns=names)
    inputs["category"] = pd.Categorical(rng.choice(["", "x,y", "ü", 'q"'], 500))
    targets = (inputs["label"] > inputs["_node"]).to_numpy().astype(np.int64)
    schema = _schema(inputs, ["no", "yes"])
    model = _fit(inputs, targets, schema, config, tmp_path)
    _assert_same(model, inputs, schema, 0.3, tmp_path)


def test_values_unlike_any_seen_are_answered(run: Path, config: Config) -> None:
    row = data.load_test(config).inputs.head(1)
    strange = {
        name: pd.Categorical(["never seen"]) if row[name].dtype == "category" else np.float32("nan")
        for name in row
    }
    expected = infer.predict(infer.load(run / "model"), row.assign(**strange))
    assert np.isfinite(expected).all()
    exported = onnx_runtime.load(run / "export/onnx")
    np.testing.assert_allclose(exported(row.assign(**strange)), expected, rtol=1e-4, atol=1e-5)


def _schema(inputs: pd.DataFrame, labels: list[str] | None) -> Schema:
    kinds = {name: "category" if inputs[name].dtype == "category" else "number" for name in inputs}
    gaps = inputs.isna().any()
    columns = [Column(name=name, kind=kinds[name], missing=bool(gaps[name])) for name in inputs]
    return Schema(target="y", labels=labels, columns=columns)


def _fit(
    inputs: pd.DataFrame, targets: np.ndarray, schema: Schema, config: Config, folder: Path
) -> Model:
    rows = Split(inputs, targets, np.arange(len(inputs), dtype=np.uint64))
    return fit(config, Splits(rows, rows, schema, {}), lambda step, metrics: None, folder)


def _with(config: Config, **settings: dict[str, Any]) -> Config:
    changed = {name: getattr(config, name).model_copy(update=settings[name]) for name in settings}
    return config.model_copy(update=changed)


def _assert_same(
    model: Model, inputs: pd.DataFrame, schema: Schema, threshold: float | None, folder: Path
) -> None:
    onnx.convert(model, schema, folder, threshold)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    types = {"number": "float32", "category": "string"}
    described = [{"name": c.name, "dtype": types[c.kind]} for c in schema.columns]
    predictions, *decided = session.run(None, feed(inputs, {"inputs": described}))
    expected = infer.predict(model, inputs)
    unit = 1 if schema.labels else expected.std()
    np.testing.assert_allclose(predictions / unit, expected / unit, rtol=1e-5, atol=1e-5)
    if schema.labels:
        codes = expected.argmax(axis=1) if threshold is None else expected[:, 1] >= threshold
        second, first = np.sort(expected, axis=1)[:, -2:].T
        clear = (first - second if threshold is None else abs(expected[:, 1] - threshold)) > 1e-5
        assert (decided[0] == np.array(schema.labels)[codes.astype(int)])[clear].all()
