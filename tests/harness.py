"""What EleutherAI's lm-eval makes of a run; its environment is its own, and no hub is asked."""

import json
import os
import subprocess
from pathlib import Path

PACKAGE = "lm-eval[hf]==0.4.13"
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
# What the project itself says of the same answers: nats, which count the end of each answer too.
OWN = """
import json, sys
from pathlib import Path
import pandas as pd
from {package} import predict

asked = pd.DataFrame(json.load(sys.stdin))
told = [json.dumps([dict(role="user", content=text)]) for text in asked["prompt"]]
model = predict.load(Path("runs/first/model"))
print(json.dumps(predict.predict(model, asked.assign(prompt=told))[:, 0].tolist()))
"""


def check_harness(folder: Path, package: str) -> None:
    """All questions are asked, and as the project asks them: answers are as likely there."""
    words = ["uv", "run", "--quiet", "--with", PACKAGE, "lm_eval", "run", "--model", "hf"]
    words += ["--model_args", "pretrained=runs/first/model,dtype=float32", "--device", "cpu"]
    words += ["--tasks", "answers", "--include_path", "harness", "--metadata", "run=runs/first"]
    words += ["--apply_chat_template", "--log_samples", "--output_path", "runs/harness"]
    _run(folder, words, "")
    (path,) = (folder / "runs/harness").rglob("samples_*.jsonl")
    samples = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(samples) > 10 and len({sample["target"] for sample in samples}) > 1
    pairs = [(s["doc"]["prompt"], choice) for s in samples for choice in s["doc"]["choices"]]
    asked = json.dumps([{"prompt": prompt, "answer": answer} for prompt, answer in pairs])
    said = _run(folder, [".venv/bin/python", "-c", OWN.format(package=package)], asked)
    theirs = [-float(reply[0][0]) for sample in samples for reply in sample["resps"]]
    ends = [own - other for own, other in zip(json.loads(said), theirs, strict=True)]
    assert all(0 <= end < 0.1 * nats + 20 for end, nats in zip(ends, theirs, strict=True)), ends


def _run(folder: Path, words: list[str], fed: str) -> str:
    told = {"cwd": folder, "env": os.environ | OFFLINE, "input": fed}
    done = subprocess.run(words, **told, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
