"""What is trained, what it is trained for, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made import reading, table, written
from peft import PeftModel
from transformers.models.llama.modeling_llama import LlamaMLP

from my_model import cli, data, infer
from my_model.chats.tokens import IGNORED
from my_model.config import Config
from my_model.model import Model, build
from my_model.train import fit
from my_model.training import adapters
from my_model.training.adapters import adapted
from my_model.training.batches import Loss, Rows, filled, losses

ROWS = [([5, 6, 7, 8, 9], 2), ([5, 6, 7], 1), ([3, 4, 5, 6, 7, 8, 9], 6)]  # tokens, of the prompt


@pytest.fixture(scope="module")
def few(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration that trains for an epoch on short conversations."""
    path = written(tmp_path_factory.mktemp("few"), table(60))
    return _changed(reading(config, path), "train", epochs=1, batch_size=4)


def test_lora_trains_few_weights_and_is_merged(
    few: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One product of matrices becomes another sum of float32: logits differ by 1e-4 at most."""
    few, splits = _changed(few, "train", lora=4, epochs=3), data.load(few)
    base, kept = build(few, splits), list[torch.Tensor]()
    free = sum(w.numel() for w in adapted(base.network, 4).parameters() if w.requires_grad)
    assert 0 < free < 0.1 * sum(weight.numel() for weight in base.network.parameters())
    rows = Rows(base, splits.val)
    tokens = rows.batch([rows[row] for row in range(8)])

    def merged(trainer: adapters.Trainer) -> adapters.PreTrainedModel:
        assert isinstance(trainer.model, PeftModel)
        kept.append(_logits(trainer.model.eval(), tokens))
        with trainer.model.disable_adapter():
            kept.append(_logits(trainer.model, tokens))
        return adapters.merged(trainer)

    monkeypatch.setattr("my_model.train.merged", merged)
    infer.save(fit(few, splits, lambda step, metrics: None, tmp_path), tmp_path / "model")
    saved = _logits(infer.load(tmp_path / "model").network, tokens)
    assert (saved - kept[0]).abs().max() < 1e-4
    assert (saved - kept[1]).abs().max() > 0.1  # so that it does tell them apart
    assert not list((tmp_path / "model").glob("adapter*"))


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
    part = loss({"logits": logits}, labels, torch.tensor(24))
    assert float(part) == pytest.approx(nats / 24, rel=1e-5)
    scored = torch.zeros(3, 7, dtype=torch.bool)
    for row, places in enumerate(known):
        scored[row, [place - 1 for place in places]] = True
    logits[~scored] = 100 * torch.randn(int((~scored).sum()), 12)  # prompts and padding
    np.testing.assert_allclose(losses(logits, labels).numpy(), expected, rtol=1e-5)


def test_smoothing_spreads_what_is_right(config: Config) -> None:
    """A tenth of the truth goes to all tokens alike (Szegedy et al. 2016)."""
    logits, labels = torch.tensor([[[2.0, 0.0, 0.0, 0.0], [0.0] * 4]]), torch.tensor([[0, 0]])
    surprise = -np.log(np.exp([2, 0, 0, 0]) / np.exp([2, 0, 0, 0]).sum())
    expected = 0.9 * surprise[0] + 0.1 * surprise.mean()
    loss = Loss(_changed(config, "train", label_smoothing=0.1), np.zeros(1))
    assert float(loss({"logits": logits}, labels)) == pytest.approx(expected, rel=1e-5)


def test_who_shares_a_batch_does_not_matter(run: Path, config: Config) -> None:
    """Padding takes no part: only the order of float32 sums differs."""
    model, inputs = infer.load(run / "model"), data.load(config).val.inputs.head(9)
    together = infer.predict(model, inputs)
    assert len(set(together[:, 1])) > 1  # answers of several lengths
    backwards = infer.predict(model, inputs.iloc[::-1])[::-1]
    np.testing.assert_allclose(backwards, together, rtol=1e-4)
    for row in range(len(inputs)):
        alone = infer.predict(model, inputs.iloc[[row]])
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4)


def test_what_is_computed_twice_is_the_same(
    few: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradient checkpointing: layers run once more a step, and come to the same weights."""
    calls, forward = list[str](), LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda *x: calls.append("") or forward(*x))
    splits, found, counts = data.load(few), list[Model](), [0]
    for twice in (False, True):
        settings = _changed(few, "train", gradient_checkpointing=twice)
        found.append(fit(settings, splits, lambda step, metrics: None, tmp_path / str(twice)))
        counts.append(len(calls))
    steps = len(splits.train.ids) // few.train.batch_size
    assert counts[2] - 2 * counts[1] == steps * few.model.depth
    for one, other in zip(*(model.network.parameters() for model in found), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def _logits(network: torch.nn.Module, tokens: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        logits = network(tokens["input_ids"], attention_mask=tokens["attention_mask"]).logits
    return logits[tokens["attention_mask"].bool()]


def _changed(config: Config, section: str, **settings: object) -> Config:
    changed = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: changed})


MISTAKES = {
    "--model.name=nowhere/at-all": "model.name nowhere/at-all can't be loaded",
    "--train.batch_size=3 --train.accumulate=2": "take a multiple of 2",
    "--train.learning_rate=1e30": "lower train.learning_rate",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_explained(
    words: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--run=mistaken", *options, *words.split()]) == 2
    assert MISTAKES[words] in capsys.readouterr().err
