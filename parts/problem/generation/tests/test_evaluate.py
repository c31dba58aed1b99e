"""Bits per byte are right, chance fails the gate, and a run tells what a reader needs."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import data, infer, report
from my_model.config import Config
from my_model.scores import compare, metrics
from my_model.scores.baseline import END, Counts

RNG = np.random.default_rng(0)
TEXTS = ["abracadabra", "a cab, a car", "é😀", "abra", "a"]


def made(rows: int, nats: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bytes of answers, and what they cost: about so many nats a byte, in tokens of 4 bytes."""
    targets = RNG.integers(20, 400, rows).astype(np.float32)
    cost = targets * RNG.normal(nats, 0.1 * nats, rows)
    return targets, np.stack([cost, np.ceil(targets / 4)], axis=1).astype(np.float32)


def test_metrics_agree_with_a_hand_computation() -> None:
    """Two answers of 4 and 12 bytes: 1/16 of a bit short of 2 each; tokens weigh alike."""
    predictions = np.array([[4 * np.log(2), 2], [27 * np.log(2), 3]], np.float32)
    found = metrics.score(np.array([4, 12], np.float32), predictions, None)
    assert found == pytest.approx({"bits_per_byte": 31 / 16, "perplexity": 2 ** (31 / 5)}, rel=1e-5)
    np.testing.assert_allclose(metrics.row_loss(np.array([4, 12]), predictions), [1, 2.25])
    assert metrics.mistakes(np.array([4, 12]), predictions, None).tolist() == [1, 0]


def test_weights_are_rows_drawn_again() -> None:
    targets, predictions = made(100)
    draw = RNG.integers(100, size=100)
    weights = np.bincount(draw, minlength=100)[None].astype(float)
    weighted = metrics.resample(targets, predictions, None, weights)
    drawn = metrics.score(targets[draw], predictions[draw], None)
    assert {name: value[0] for name, value in weighted.items()} == pytest.approx(drawn)


def test_chance_fails_the_gate_and_skill_passes_it(config: Config) -> None:
    """Neither bytes that are counted, nor the model before it was tuned, are surely worse."""
    targets, skilled = made(200)
    worse = skilled * np.array([1.2, 1], np.float32)
    noisy = worse * RNG.normal(1, 0.2, (200, 1)).astype(np.float32)
    for predictions, passes in ((skilled, True), (noisy, False)):
        for best in ("bytes", "base"):
            rivals = dict.fromkeys(("bytes", "base"), 2 * worse) | {best: worse}
            all_ = {"model": predictions, "n-gram": skilled * 0.9, **rivals}
            candidates = {name: (each, None) for name, each in all_.items()}
            compared = compare.compare(targets, candidates, 300, config)
            verdict, passed = compare.verdict(compared, config)
            assert (passed, compared["baseline"]) == (passes, best)
            assert "a plain n-gram model is better" in verdict


@pytest.mark.parametrize("order", [0, 1, 4])
def test_what_may_follow_has_a_chance_of_one_together(order: int) -> None:
    counts = Counts(TEXTS, order)
    for context in (b"", b"a", b"ab", b"abra", b"zzzz", b"zzza", "é".encode()):
        chances = [counts._chance(context[-order:] if order else b"", b) for b in range(END + 1)]
        assert min(chances) > 0 and sum(chances) == pytest.approx(1)
    expected = -np.log(counts._chance(b"", 97) * counts._chance(b"a"[:order], END))
    assert counts(pd.DataFrame({"answer": ["a"]}))[0, 0] == pytest.approx(expected)


def test_four_bytes_of_context_beat_none(run: Path, config: Config) -> None:
    """And a table of bytes costs what the entropy of bytes says, but for what it has not seen."""
    splits = data.load(config)
    known = splits.train.inputs["answer"].tolist()
    bits = {
        order: metrics.score(splits.val.targets, Counts(known, order)(splits.val.inputs), None)
        for order in (0, 1, 4)
    }
    values = [bits[order]["bits_per_byte"] for order in (0, 1, 4)]
    assert values == sorted(values, reverse=True) and values[2] < 0.8 * values[0]
    counted = np.bincount(np.frombuffer("".join(known).encode(), np.uint8))
    shares = counted[counted > 0] / counted.sum()
    assert values[0] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=0.3)
    assert np.isnan(bits[0]["perplexity"])  # of bytes, it would look small


def test_a_long_answer_is_judged_to_its_end(run: Path, config: Config) -> None:
    """Reading less of it must not make it cheaper; less context makes it somewhat dearer."""
    model, inputs = infer.load(run / "model"), data.load_test(config).inputs
    sizes = [len(model.tokenizer(answer)["input_ids"]) + 1 for answer in inputs["answer"]]
    assert max(sizes) > 3 * model.max_tokens
    whole = infer.predict(model, inputs)
    assert whole[:, 1].tolist() == sizes
    model.tokenizer.model_max_length //= 2
    half = infer.predict(model, inputs)
    assert half[:, 1].tolist() == sizes
    assert 0.99 < half[:, 0].sum() / whole[:, 0].sum() < 1.2


def test_run_tells_what_a_reader_needs(run: Path, config: Config) -> None:
    summary = json.loads((run / "metrics.json").read_text())
    assert " ".join(summary) == "split metrics interval baseline primary beats_baseline"
    assert summary["primary"] == "bits_per_byte" and summary["beats_baseline"]
    low, high = summary["interval"]["bits_per_byte"]
    assert low < summary["metrics"]["bits_per_byte"] < high < summary["baseline"]["bits_per_byte"]
    test = data.load_test(config)
    told = infer.predict(infer.load(run / "model"), test.inputs)
    assert summary["metrics"] == pytest.approx(metrics.score(test.targets, told, None), rel=1e-4)
    details = json.loads((run / "evaluation/details.json").read_text())
    assert {*details["models"]} == {"model", "bytes", "n-gram", "base"}
    mistakes = pd.read_csv(run / "evaluation/mistakes.csv")
    loss = mistakes["nats"] / np.log(2) / mistakes["truth"]
    assert loss.is_monotonic_decreasing and loss.iloc[0] > loss.iloc[-1]
    page, card = ((run / name).read_text() for name in ("report.html", "model-card.md"))
    assert page.count("<svg") >= 4 and "<script" not in page and "src=" not in page
    assert "bits_per_byte" in page and "bits_per_byte" in card


def test_report_repeats_to_the_byte(run: Path, config: Config) -> None:
    before = (run / "report.html").read_bytes()
    assert report.write(run, config).read_bytes() == before
