"""Students, pruned networks and what is refused; the origin of all is the shared run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import huber_loss

from my_model import cli, data, infer
from my_model.config import Config
from my_model.formats import measure
from my_model.model import build
from my_model.train import fit
from my_model.training.objective import Objective
from my_model.training.pruning import prune

NETWORKS = {
    "tabular": ["mlp", "ft-transformer"],
    "image": ["cnn", "resnet18", "resnet26", "vit_tiny_patch16_224"],
}
MISTAKES = {
    "--train.prune=0.5": "train.prune: name the run that is to be pruned",
    "--train.start=nowhere": "train.start: nowhere is no finished run in",
    "--train.start=demo --model.depth=4": "train.start: demo has depth",
    "--train.teacher=demo --seed=1": "train.teacher: demo was trained on another split",
    "--train.start=demo --run=demo": "--run demo: the new run comes from that one",
}


def _changed(config: Config, section: str, **settings: object) -> Config:
    changed = getattr(config, section).model_copy(update=settings)
    return config.model_copy(update={section: changed})


def test_a_teacher_counts_as_much_as_it_is_trusted(config: Config) -> None:
    splits, rng = data.load(config), torch.Generator().manual_seed(0)
    shape = (6, len(classes)) if (classes := splits.schema.labels) else (6,)
    told, advice = (torch.randn(shape, generator=rng) for _ in range(2))
    targets = torch.from_numpy(splits.train.targets[:6])
    plain = Objective(config, splits.train)
    torch.testing.assert_close(plain.losses(told, targets, told), plain.losses(told, targets) / 2)
    trusted = _changed(config, "train", teacher_weight=1, temperature=3.0)
    believed = Objective(trusted, splits.train).losses(told, targets, advice)
    if classes:
        student, teacher = (torch.softmax(logits / 3, dim=1) for logits in (told, advice))
        expected = 9 * (teacher * (teacher / student).log()).sum(dim=1)
    else:
        unit = float(splits.train.targets.std(dtype=np.float64))
        expected = huber_loss(told / unit, advice / unit, reduction="none")
    torch.testing.assert_close(believed, expected, rtol=1e-4, atol=1e-6)


def test_a_pruned_student_goes_on_to_the_same_bits(
    run: Path, config: Config, tmp_path: Path
) -> None:
    chosen = {"start": run.name, "prune": 0.5, "teacher": run.name}
    config = _changed(config, "train", epochs=2, checkpoint_steps=2, ema=0.9, **chosen)
    splits = data.load(config)

    def stop(step: int, metrics: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(config, splits, stop, tmp_path / "stopped")
    whole, resumed = (
        fit(config, splits, lambda step, metrics: None, tmp_path / name)
        for name in ("whole", "stopped")
    )
    sizes = [len(hidden) for hidden in infer.load(run / "model").network.hidden()]
    assert whole.shape["hidden"] == [size // 2 for size in sizes]
    for name, weight in whole.network.state_dict().items():
        assert torch.equal(weight, resumed.network.state_dict()[name]), name


def test_units_that_do_nothing_go_first(config: Config) -> None:
    splits = data.load(config)
    for name in NETWORKS[config.data.MODALITY]:
        torch.manual_seed(0)
        model = build(_changed(config, "model", name=name), splits)
        network = model.network.eval()
        for hidden in network.hidden():
            for weight in hidden.made[-1].parameters():
                units = weight.detach().unflatten(0, (-1, len(hidden), hidden.width))
                units[:, ::2] = 0
        rows = infer.Samples(model, splits.val.inputs).take(np.arange(8))
        with torch.no_grad():
            before = network(rows)
            sizes = prune(network, 0.5)
            torch.testing.assert_close(network(rows), before)
        assert sizes, name


def test_a_pruned_run_is_smaller_and_shown_beside_its_origin(
    run: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_apart", lambda load, batches: measure.UNKNOWN)  # it takes long
    pruned = ["--train.start=demo", "--train.prune=0.5", "--train.epochs=2"]
    assert cli.main(["run", "--run=pruned", *options, *pruned]) == 0
    small = run.parent / "pruned"
    sizes = [(path / "export/onnx/model.onnx").stat().st_size for path in (run, small)]
    assert sizes[1] < 0.8 * sizes[0]
    assert json.loads((small / "export/onnx/parity.json").read_text())["passed"]
    costs = json.loads((small / "evaluation/cost.json").read_text())["runs"]
    assert costs["model"]["bytes"] < 0.8 * costs["start"]["bytes"]
    details = json.loads((small / "evaluation/details.json").read_text())
    original = json.loads((run / "metrics.json").read_text())
    assert details["models"]["start"]["metrics"] == original["metrics"]
    assert "start: demo" in (small / "report.html").read_text()


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_explained(
    words: str, run: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--run=mistaken", *options, *words.split()]) == 2
    assert MISTAKES[words] in capsys.readouterr().err
    assert (run / "model/decision.json").exists()
