"""The likelihood of answers, and of nothing else, counts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from my_model import data, infer
from my_model.chats.tokens import IGNORED
from my_model.config import Config
from my_model.training.batches import Loss
from my_model.training.likelihood import filled, losses, windows

ROWS = [([5, 6, 7, 8, 9], 2), ([5, 6, 7], 1), ([3, 4, 5, 6, 7, 8, 9], 6)]  # tokens, of the prompt


def test_answers_alone_are_learnt(config: Config) -> None:
    batch = filled(ROWS, 0)
    labels, known = batch["labels"], [[2, 3, 4], [1, 2], [6]]
    for row, (ids, _) in enumerate(ROWS):
        assert (labels[row] != IGNORED).nonzero().flatten().tolist() == known[row]
        assert labels[row, known[row]].tolist() == [ids[place] for place in known[row]]
        assert batch["attention_mask"][row].sum() == len(ids)
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 2, (3, 7, 12)), dtype=torch.float32)
    surprise = -torch.log_softmax(logits.double(), 2).numpy()
    hand = [[surprise[r, place - 1, ROWS[r][0][place]] for place in known[r]] for r in range(3)]
    expected = np.array([[sum(row), len(row)] for row in hand])
    np.testing.assert_allclose(losses(logits, labels).numpy(), expected, rtol=1e-5)
    loss, (nats, count) = Loss(config, np.zeros(3)), expected.sum(axis=0)
    assert float(loss({"logits": logits}, labels)) == pytest.approx(nats / count, rel=1e-5)
    part = loss({"logits": logits}, labels, torch.tensor(24))  # of a step in several parts
    assert float(part) == pytest.approx(nats / 24, rel=1e-5)
    scored = torch.zeros(3, 7, dtype=torch.bool)
    for row, places in enumerate(known):
        scored[row, [place - 1 for place in places]] = True
    logits[~scored] = 100 * torch.randn(int((~scored).sum()), 12)  # prompts and padding
    np.testing.assert_allclose(losses(logits, labels).numpy(), expected, rtol=1e-5)


def test_who_shares_a_batch_does_not_matter(run: Path, config: Config) -> None:
    """Padding takes no part: only the order of float32 sums differs."""
    model, inputs = infer.load(run / "model"), data.load(config).val.inputs.head(9)
    together = infer.predict(model, inputs)
    assert len(set(together[:, 1])) > 1  # answers of several lengths
    for row in range(len(inputs)):
        alone = infer.predict(model, inputs.iloc[[row]])
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4)


def test_each_token_of_an_answer_is_judged_once() -> None:
    for size, start, limit in ((3, 1, 8), (8, 4, 8), (9, 4, 8), (23, 4, 8), (24, 1, 9)):
        ids = list(range(size))
        pieces = [*windows(ids, start, limit)]
        assert [n for piece, begin in pieces for n in piece[begin:]] == ids[start:]
        assert all(0 < begin < len(piece) <= limit for piece, begin in pieces)
