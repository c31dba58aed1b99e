import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from my_model import data, report
from my_model.config import Config
from my_model.scores import compare, errors, judged, metrics

RNG = np.random.default_rng(0)


def made(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets and ok probabilities, many of them tied."""
    targets = RNG.integers(0, classes, rows)
    scores = np.exp(RNG.normal(size=(rows, classes)) + np.eye(classes)[targets]).round(1) + 0.1
    return targets, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 4])
def test_metrics_agree_with_scikit_learn(classes: int) -> None:
    targets, predictions = made(500, classes)
    threshold = metrics.choose_threshold(targets, predictions)
    decided = metrics.decide(predictions, threshold)
    shown = predictions[:, 1] if classes == 2 else predictions
    actual = targets if classes == 2 else np.eye(classes)[targets]
    expected = {
        "average_precision": sklearn_metrics.average_precision_score(actual, shown),
        "roc_auc": sklearn_metrics.roc_auc_score(targets, shown, multi_class="ovr"),
        "f1_macro": sklearn_metrics.f1_score(targets, decided, average="macro"),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(targets, decided),
        "log_loss": sklearn_metrics.log_loss(targets, predictions),
        "brier_score": sklearn_metrics.brier_score_loss(targets, shown),
    }
    found = metrics.score(targets, predictions, threshold)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_weights_are_rows_drawn_again() -> None:
    targets, predictions = made(100, 2)
    draw = RNG.integers(100, size=100)
    weights = np.bincount(draw, minlength=100)[None].astype(float)
    weighted = metrics.resample(targets, predictions, 0.5, weights)
    drawn = metrics.score(targets[draw], predictions[draw], 0.5)
    del weighted["ece"], drawn["ece"]  # its bins are those of the whole sample
    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(drawn)


def test_threshold_has_the_best_macro_f1_between_two_probabilities() -> None:
    targets, predictions = made(300, 2)
    levels = np.unique(predictions[:, 1])
    tried = [metrics.score(targets, predictions, level)["f1_macro"] for level in levels]
    threshold = metrics.choose_threshold(targets, predictions)
    assert threshold is not None and threshold not in levels
    assert metrics.score(targets, predictions, threshold)["f1_macro"] == max(tried)
    assert metrics.choose_threshold(*made(30, 3)) is None


def test_chance_fails_the_gate_and_skill_passes_it(config: Config) -> None:
    judged = config.evaluate.model_copy(update={"primary": "average_precision"})
    config = config.model_copy(update={"evaluate": judged})
    targets, skilled = made(300, 2)
    prevalence = np.tile(np.float32([0.5, 0.5]), (300, 1))
    for predictions, passes in ((skilled, True), (skilled[RNG.permutation(300)], False)):
        candidates = {"model": (predictions, 0.5), "prevalence": (prevalence, None)}
        candidates["linear"] = (skilled, 0.5)
        compared = compare.compare(targets, candidates, 300, config)
        verdict, passed = compare.verdict(compared, config)
        assert passed == passes
        assert ("a plain linear model is better" in verdict) == (not passes)


def test_slices_find_a_planted_fault_and_sell_no_noise(run: Path, config: Config) -> None:
    test, schema = data.load_test(config), data.load(config).schema
    rows, classes = len(test.targets), len(schema.labels)
    chance = np.random.default_rng(1).permutation(np.linspace(0.01, 0.2, rows))
    some = [found for found in data.slices(test.inputs, schema) if 60 < found[2].sum() < rows / 2]
    (column, value, broken), worst = max(some, key=lambda found: found[2].sum()), {}
    for name, sure in (("even", 1 - chance), ("broken", np.where(broken, chance, 1 - chance))):
        predictions = np.repeat((1 - sure)[:, None] / (classes - 1), classes, axis=1)
        predictions[np.arange(rows), test.targets] = sure
        slices = errors.tables(test, np.float32(predictions), None, schema)["slices"]
        worst[name] = slices[slices["worse"]]
        assert slices["rows"].min() >= 30
    assert worst["even"].empty
    assert worst["broken"].iloc[0][["column", "value"]].tolist() == [column, value]


def test_run_tells_what_a_reader_needs(run: Path, config: Config) -> None:
    summary = json.loads((run / "metrics.json").read_text())
    assert " ".join(summary) == "split metrics interval baseline primary beats_baseline"
    primary = summary["primary"]
    low, high = summary["interval"][primary]
    assert summary["baseline"][primary] < low < summary["metrics"][primary] < high
    mistakes = pd.read_csv(run / "evaluation" / "mistakes.csv")
    assert (mistakes["truth"] != mistakes["decision"]).all()
    page, card = ((run / name).read_text() for name in ("report.html", "model-card.md"))
    assert page.count("<svg") >= 6 and "<script" not in page
    assert page.count("src=") == page.count('src="data:image/webp;base64,')
    for text in (primary, "prevalence", "linear"):
        assert text in page and text in card
    digest = json.loads((run / "data.json").read_text())["files"]
    assert all(file["sha256"] in card for file in digest.values())


def test_report_repeats_to_the_byte_and_counts_judged_models(run: Path, config: Config) -> None:
    before = (run / "report.html").read_bytes()
    assert report.write(run, config).read_bytes() == before
    log = run.parent / judged.LOG
    lines = log.read_text().splitlines()
    other = lines[-1].replace(lines[-1].split(",")[1], "another model")
    try:
        log.write_text("\n".join([*lines, other, ""]))
        assert "have judged 2 different models" in report.write(run, config).read_text()
    finally:
        log.write_text("\n".join([*lines, ""]))
        report.write(run, config)
