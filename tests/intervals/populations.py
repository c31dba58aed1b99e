"""Populations whose metrics are known, as endless sources of scored rows.

Each function of POPULATIONS takes a random generator, the number of rows, and the share of the
rarest class, and returns what a project's metrics take: targets (N,) and predictions, float32.
Probabilities of classes are calibrated: Bayes' posteriors of what they are made from.
"""

from collections.abc import Callable

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]
Pair = tuple[np.ndarray, np.ndarray, np.ndarray]  # targets, and the predictions of two models
CENTRES = np.array([[0.0, 0.0], [1.6, 0.0], [0.8, 1.9]])  # of three classes in a plane
EASY = 0.4  # share of the positives that lie far from the rest


def _two(positive: np.ndarray) -> np.ndarray:
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


def _bayes(likelihoods: np.ndarray, shares: np.ndarray) -> np.ndarray:
    weighed = likelihoods * shares
    return (weighed / weighed.sum(axis=1, keepdims=True)).astype(np.float32)


def _bell(x: np.ndarray, spread: float = 1.0) -> np.ndarray:
    return np.exp(-((x / spread) ** 2) / 2)


def binormal(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Two classes, whose scores are normal, 1.5 standard deviations apart: ROC-AUC is 0.86."""
    targets = (rng.random(rows) < share).astype(np.int64)
    score = rng.normal(1.5 * targets)
    likelihoods = np.stack([_bell(score), _bell(score - 1.5)], axis=1)
    return targets, _bayes(likelihoods, np.array([1 - share, share]))


def weak(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Two classes, whose scores are normal, 0.8 standard deviations apart: ROC-AUC is 0.71."""
    targets = (rng.random(rows) < share).astype(np.int64)
    score = rng.normal(0.8 * targets)
    likelihoods = np.stack([_bell(score), _bell(score - 0.8)], axis=1)
    return targets, _bayes(likelihoods, np.array([1 - share, share]))


def mixed(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Two classes; some positives are easy (4 standard deviations away), most are hard (0.5)."""
    targets = (rng.random(rows) < share).astype(np.int64)
    score = rng.normal(targets * np.where(rng.random(rows) < EASY, 4.0, 0.5))
    positive = EASY * _bell(score - 4.0) + (1 - EASY) * _bell(score - 0.5)
    return targets, _bayes(np.stack([_bell(score), positive], 1), np.array([1 - share, share]))


def three(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Three classes, normal in a plane; of the others one is twice as frequent."""
    shares = np.array([(1 - share) * 2 / 3, (1 - share) / 3, share])
    targets = rng.choice(3, size=rows, p=shares)
    points = rng.normal(CENTRES[targets])
    distance = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    return targets, _bayes(_bell(distance), shares)


def light(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Values with normal errors; R² is 0.8."""
    known = rng.normal(50, 10, rows)
    return (known + rng.normal(0, 5, rows)).astype(np.float32), known.astype(np.float32)


def heavy(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Values with errors of Student's t with 5 degrees of freedom; R² is 0.79."""
    known = rng.normal(50, 10, rows)
    errors = 4 * rng.standard_t(5, rows)
    return (known + errors).astype(np.float32), known.astype(np.float32)


def prices(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Lognormal values with errors in proportion, so the largest few rows decide RMSE and R²."""
    known = np.exp(rng.normal(4, 0.6, rows))
    factors = np.exp(rng.normal(-0.045, 0.3, rows))
    return (known * factors).astype(np.float32), known.astype(np.float32)


def answers(rng: np.random.Generator, rows: int, share: float) -> Rows:
    """Answers of lognormal length, some likelier than others: bytes; nats and tokens."""
    size = np.ceil(np.exp(rng.normal(5, 0.8, rows)))
    nats = size * 0.7 * np.exp(rng.normal(0, 0.35, rows))
    return size.astype(np.float32), np.stack([nats, np.ceil(size / 4)], 1).astype(np.float32)


def equal_classifiers(rng: np.random.Generator, rows: int, share: float) -> Pair:
    """Two models that see the same score with noise of their own, which is as large."""
    targets = (rng.random(rows) < share).astype(np.int64)
    score, spread = rng.normal(1.5 * targets), np.sqrt(1.25)
    shares = np.array([1 - share, share])
    seen = [score + rng.normal(0, 0.5, rows) for _ in range(2)]
    both = [np.stack([_bell(s, spread), _bell(s - 1.5, spread)], axis=1) for s in seen]
    return targets, *(_bayes(likelihoods, shares) for likelihoods in both)


def no_skill(rng: np.random.Generator, rows: int, share: float) -> Pair:
    """Probabilities that know nothing of the class, and the share of the positives."""
    targets = (rng.random(rows) < share).astype(np.int64)
    odds = share / (1 - share) * np.exp(rng.normal(0, 0.5, rows))
    return targets, _two(odds / (1 + odds)), _two(np.full(rows, share))


def equal_values(rng: np.random.Generator, rows: int, share: float) -> Pair:
    """Two models of values with heavy-tailed errors, each with noise of its own as large."""
    targets, known = heavy(rng, rows, share)
    return targets, *((known + rng.normal(0, 2, rows)).astype(np.float32) for _ in range(2))


def equal_language_models(rng: np.random.Generator, rows: int, share: float) -> Pair:
    """Two models that find an answer more or less likely, each by chance."""
    size, known = answers(rng, rows, share)
    factors = [np.exp(rng.normal(0, 0.1, rows)) for _ in range(2)]
    return size, *((known * np.stack([f, f * 0 + 1], 1)).astype(np.float32) for f in factors)


POPULATIONS: dict[str, dict[str, Callable[..., Rows]]] = {
    "classification": {"binormal": binormal, "weak": weak, "mixed": mixed, "three": three},
    "regression": {"light": light, "heavy": heavy, "prices": prices},
    "generation": {"answers": answers},
}
PAIRS: dict[str, dict[str, Callable[..., Pair]]] = {
    "classification": {"no skill": no_skill, "equal models": equal_classifiers},
    "regression": {"equal models": equal_values},
    "generation": {"equal models": equal_language_models},
}
EQUAL = {"no skill": ("average_precision", "roc_auc")}  # of pairs that differ in other metrics
