"""Evaluate a run with EleutherAI's lm-eval, in an environment of its own and offline."""

import json
import os
import subprocess
from pathlib import Path

PACKAGE = "lm-eval[hf]==0.4.13"
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
# The project's own losses of the same answers: in nats, including the end of each answer.
OWN = """
import json, sys
from pathlib import Path
import pandas as pd
from {package} import predict

rows = pd.DataFrame(json.load(sys.stdin))
chats = [json.dumps([dict(role="user", content=text)]) for text in rows["prompt"]]
model = predict.load(Path("runs/first/model"))
print(json.dumps(predict.predict(model, rows.assign(prompt=chats))[:, 0].tolist()))
"""


def check_harness(folder: Path, package: str) -> None:
    """Assert that all questions are asked with the project's prompt: likelihoods are the same."""
    words = ["uv", "run", "--quiet", "--with", PACKAGE, "lm_eval", "run", "--model", "hf"]
    words += ["--model_args", "pretrained=runs/first/model,dtype=float32", "--device", "cpu"]
    words += ["--tasks", "answers", "--include_path", "harness", "--metadata", "run=runs/first"]
    words += ["--apply_chat_template", "--log_samples", "--output_path", "runs/harness"]
    _run(folder, words, "")
    (path,) = (folder / "runs/harness").rglob("samples_*.jsonl")
    samples = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(samples) > 10 and len({sample["target"] for sample in samples}) > 1
    pairs = [(s["doc"]["prompt"], choice) for s in samples for choice in s["doc"]["choices"]]
    pairs_json = json.dumps([{"prompt": prompt, "answer": answer} for prompt, answer in pairs])
    output = _run(folder, [".venv/bin/python", "-c", OWN.format(package=package)], pairs_json)
    theirs = [-float(reply[0][0]) for sample in samples for reply in sample["resps"]]
    ends = [own - other for own, other in zip(json.loads(output), theirs, strict=True)]
    assert all(0 <= end < 0.1 * nats + 20 for end, nats in zip(ends, theirs, strict=True)), ends


def _run(folder: Path, words: list[str], text: str) -> str:
    options = {"cwd": folder, "env": os.environ | OFFLINE, "input": text}
    done = subprocess.run(words, **options, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
