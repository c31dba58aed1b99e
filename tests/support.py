"""Run every cell with every model on its demo data, and write the results to SUPPORT.md.

`python support.py` runs all, `python support.py 2/4` the second quarter. Results are kept in
.nox/full and not run again; without a result, SUPPORT.md keeps its lines.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from answers import cells, modality, targets
from clients import GATEWAY, VLLM, check_clients, installs_vllm
from pretrained import smollm2
from render import ROOT, interpreter, render, snapshot

SKLEARN = ["linear", "hist-gradient-boosting", "random-forest", "lightgbm", "xgboost"]
TIMM = ["resnet18", "mobilenetv3_small_050", "convnext_atto", "vit_tiny_patch16_224"]
LARGER = ["efficientnet_b0", "squeezenet1_1", "vit_small_patch14_dinov2"]
APPLICATIONS = ["MobileNetV3Small", "ResNet50V2"]
MODELS = {
    ("sklearn", "tabular"): [*SKLEARN, "catboost"],
    ("sklearn", "image"): SKLEARN,
    ("sklearn", "text"): ["linear", "svm", "naive-bayes"],
    ("pytorch", "tabular"): ["mlp", "tabm", "ft-transformer"],
    ("pytorch", "image"): ["cnn", *TIMM, *LARGER],
    ("keras", "tabular"): ["mlp", "ft-transformer"],
    ("keras", "image"): ["cnn", "resnet", *APPLICATIONS],
    ("mlx", "tabular"): ["mlp", "ft-transformer"],
    ("mlx", "image"): ["cnn", "resnet"],
    ("mlx", "chat"): ["tiny"],
    ("jax", "tabular"): ["mlp", "ft-transformer"],
    ("jax", "image"): ["cnn", "resnet"],
    ("transformers", "text"): ["tiny"],
    ("transformers", "chat"): ["tiny", "smollm2"],
}
# Settings of models that would take half an hour or more without a GPU, and of patches of 14 pixels.
OPTIONS = {
    "efficientnet_b0": {"train.epochs": 12},
    "vit_small_patch14_dinov2": {"train.epochs": 12, "data.size": 28},
    "smollm2": {
        "model.max_tokens": 128,
        "model.new_tokens": 32,
        "train.method": "lora",
        "train.epochs": 1,
        "evaluate.answers": 8,
    },
}
SERVED = ("transformers", "chat", "tiny")  # to clients, by vLLM too, which takes 5 GB
GROUPS = {"catboost"}  # models that need a group of dependencies of that name
KNOWN = "from my_model.toolkit.export.formats import known; print(*known())"
FOUND = ROOT / ".nox/full"
HEAD = """\
# Support

What `nox -s full` ran on the demo data, model by model: trained, evaluated on the test set, exported to every format, and each
export compared with the model. The interval holds 95 % of the bootstrap; naive and plain (linear, or
of texts that are written n-grams) are baselines.

| task | framework | model | metric | value (interval) | naive | plain | seconds |
|---|---|---|---|---|---|---|---|
"""
FORMATS = """
## Exports

An exact format has to answer as the model does, on every training, validation and test row: the largest difference is of a
probability, or in standard deviations of the predicted values. A smaller variant is assessed by its metric drop on validation
rows: points of a score, or a share of an error. GGUF is assessed by both: equal answers are counted among 8 greedy ones.

| task | framework | model | format | rows | largest difference | decisions equal | cost | size | 1 row |
|---|---|---|---|---|---|---|---|---|---|
"""


def main(share: str = "1/1") -> None:
    """Run a share of the models; one that fails ends it."""
    part, parts = map(int, share.split("/"))
    jobs = [(*cell, model) for cell in cells() for model in MODELS[cell[1], modality(cell[0])]]
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        for job in jobs[part - 1 :: parts]:
            if not _kept(job).exists():
                found = _find(_project(template, Path(scratch), *job[:2]), *job)
                _kept(job).write_text(json.dumps(found), encoding="utf-8")
            write(jobs)


def write(jobs: list[tuple[str, str, str]]) -> None:
    """Write SUPPORT.md: new lines where there are any, else the existing ones."""
    path = ROOT / "SUPPORT.md"
    before = path.read_text(encoding="utf-8").splitlines(keepends=True)
    models, exports = list[str](), list[str]()
    for job in jobs:
        if _kept(job).exists():
            found = _json(_kept(job))
            models.append(found["model"])
            exports += found["exports"]
        else:
            kept = [line for line in before if line.startswith(f"| {' | '.join(job)} |")]
            models += kept[:1]
            exports += kept[1:]
    text = HEAD + "".join(models) + FORMATS + "".join(exports)
    path.write_text(text, encoding="utf-8")


def _kept(job: tuple[str, str, str]) -> Path:
    return FOUND / f"{'-'.join(job)}.json"


def _project(template: Path, scratch: Path, task: str, framework: str) -> Path:
    folder = scratch / f"{task}-{framework}"
    if not folder.exists():
        answers = {"task": task, "framework": framework, "targets": targets(task, framework)}
        render(template, folder, answers)
        _run(folder, "uv", "sync", "--quiet")
    return folder


def _find(project: Path, task: str, framework: str, model: str) -> dict[str, Any]:
    formats = _run(project, "uv", "run", "python", "-c", KNOWN).split()
    name = smollm2(project) if model == "smollm2" else model
    settings = {"model.name": name, "export.formats": f"[{', '.join(formats)}]"}
    settings |= OPTIONS.get(model, {})
    if framework != "sklearn":
        settings["export.max_drop"] = 1  # reported instead of refused
    words = [f"--{key}={value}" for key, value in settings.items()]
    uv = ["uv", "run", *(["--group", model] if model in GROUPS else [])]
    started = time.perf_counter()
    _run(project, *uv, "my-model", "run", "--run", model, *words)
    seconds, run = time.perf_counter() - started, project / "runs" / model
    if (framework, modality(task), model) == SERVED:
        others = (VLLM,) if installs_vllm(project) else ()
        check_clients(project, "my-model", model, (GATEWAY, "llama-cpp", *others))
    exports = [_export(run / "export" / name, task, framework, model) for name in formats]
    return {"model": _model(run, task, framework, model, seconds), "exports": exports}


def _model(run: Path, task: str, framework: str, model: str, seconds: float) -> str:
    metrics, details = _json(run / "metrics.json"), _json(run / "evaluation/details.json")
    primary = metrics["primary"]
    low, high = metrics["interval"][primary]
    value, naive = metrics["metrics"][primary], metrics["baseline"][primary]
    plain = details["models"][details["plain"]]["metrics"][primary]
    return (
        f"| {task} | {framework} | {model} | {primary} | {value:.4g} ({low:.4g} to {high:.4g}) "
        f"| {naive:.4g} | {plain:.4g} | {seconds:.0f} |\n"
    )


def _export(folder: Path, *job: str) -> str:
    parity, measured = _json(folder / "parity.json"), _json(folder / "measurements.json")
    name = folder.name + " (interpreted)" * (parity["executed_by"] == "interpreter")
    drop = parity["metric"]["validation"]["drop"] if "metric" in parity else None
    cost = f"{drop:z.4f}" if drop is not None else ""
    speed = measured["exported"]["latency_ms"]["1"]
    took = f"{float(f'{speed:.2g}'):,g} ms" if speed is not None else ""
    return (
        f"| {' | '.join(job)} | {name} | {parity['rows']:,} | {parity['max_scaled_diff']:.1e} "
        f"| {parity['decisions_equal']:,} | {cost} "
        f"| {measured['exported']['bytes'] / 1e6:.2f} MB | {took} |\n"
    )


def _run(folder: Path, *command: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    kept |= interpreter(folder) or {}
    done = subprocess.run(
        command, cwd=folder, check=True, env=kept, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
