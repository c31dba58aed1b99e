"""Run the benchmarks in rendered projects, and write their output to BENCHMARKS.md.

`python benchmarks.py` runs all, `python benchmarks.py networks texts` some projects, and `quality`
those of quality; the other sections of BENCHMARKS.md stay unchanged.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from pretrained import smollm2
from render import ROOT, interpreter, render, snapshot

HERE, PAGE = ROOT / "tests/bench", ROOT / "BENCHMARKS.md"
EXPORT = "runs/bench/export/onnx"
DEEP, WIDE = "--model.name=ft-transformer", "--model.width=384"
SMALL = "--model.name="  # of SmolLM2's file
LOOP = [
    *("--with-requirements", HERE / "requirements.txt"),
    *("python", HERE / "bench_loop.py", "pytorch"),
]
QUALITY = [
    "--with-requirements",
    HERE / "quality/requirements.txt",
    "python",
    HERE / "bench_quality.py",
    "--autogluon",
]
# Answers of a project, its preparation, and titles with the commands that measure.
Bench = tuple[dict[str, Any], list[list[str]], dict[str, list[Any]]]
BENCHES: dict[str, Bench] = {
    "tables": (
        {},
        [["my-model", "run", "--run=bench"]],
        {
            "Training a table, compared with bare pandas and scikit-learn": ["bench_train.py", "."],
            "Scoring files": ["bench_batch.py", EXPORT],
            "Serving, compared with a typical FastAPI app": ["bench_api.py", EXPORT],
            "Serving a slower model": ["bench_api.py", EXPORT, "--slow"],
            "Serving, compared with model servers": ["bench_servers.py", EXPORT],
        },
    ),
    "classes": (
        {},
        [],
        {"Quality on public tables, of classes": QUALITY},
    ),
    "numbers": (
        {"task": "tabular-regression"},
        [],
        {"Quality on public tables, of numbers": QUALITY},
    ),
    "networks": (
        {"framework": "pytorch"},
        [],
        {
            "Training an MLP on the demo table": [*LOOP, "60"],
            "Training an MLP on 100,000 rows": [*LOOP, "4", "--rows=100000"],
            "Training an FT-Transformer": [*LOOP, "8", DEEP],
            "Latency of an MLP": ["bench_onnx.py"],
            "Latency of an FT-Transformer": ["bench_onnx.py", DEEP],
        },
    ),
    **{
        name: (
            {"framework": name},
            [],
            {
                f"Training an MLP with {title}": ["bench_loop.py", name, "60"],
                f"Training an FT-Transformer with {title}": ["bench_loop.py", name, "8", DEEP],
            },
        )
        for name, title in {"keras": "Keras", "jax": "JAX", "mlx": "MLX"}.items()
    },
    "pictures": (
        {"framework": "pytorch", "task": "image-classification"},
        [
            ["my-model", "train", "--train.epochs=3", "--run=bench"],
            ["my-model", "export", "--run=bench"],
        ],
        {
            "CPU seconds of the stages, for images": ["bench_images.py", "6000", "60000"],
            "Training a CNN": [*LOOP, "5"],
            "Latency of a CNN": ["bench_onnx.py"],
            "Serving a CNN with dynamic batching and without": ["bench_batching.py", EXPORT],
        },
    ),
    "texts": (
        {"framework": "transformers", "task": "text-classification"},
        [],
        {
            "Training on texts, compared with the library's example script": [
                "bench_text.py",
                "train",
                "4",
            ],
            "Latency of texts, compared with pipeline()": ["bench_text.py", "serve"],
            "Latency of texts, of an encoder as large as MiniLM": [
                *("bench_text.py", "serve", WIDE, "--model.depth=6", "--model.vocabulary=30000"),
            ],
        },
    ),
    "mails": (
        {"task": "text-classification"},
        [],
        {"A whole run on mails, compared with bare scikit-learn": ["bench_mails.py"]},
    ),
    "chats": (
        {"task": "text-generation"},
        [],
        {
            "Writing tokens, one client and eight": ["bench_chat.py"],
            "Writing tokens, by SmolLM2-135M": ["bench_chat.py", SMALL, "--model.new_tokens=64"],
        },
    ),
}
ALIASES = {"quality": ["classes", "numbers"]}
PACKAGES = [
    *("scikit-learn", "torch", "keras", "tensorflow-cpu", "jax", "flax", "mlx", "transformers"),
    *("onnxruntime", "fastapi", "xllamacpp"),
]
TEXT = """\
# Benchmarks

What `nox -s bench` printed. The candidates of a table take turns in one run, so that a busy
machine is fair to all of them; read the ratios, not the seconds. In brackets is the middle half of
the rounds, or their range.
"""


def main(*names: str) -> None:
    """Run the benchmarks of some projects, or of all, and write the page after each.

    SystemExit at the end names those that missed their goal.
    """
    wanted = [each for name in names for each in ALIASES.get(name, [name])]
    unknown = sorted({*wanted} - {*BENCHES})
    if unknown:
        raise SystemExit(f"{unknown[0]} is not one of {', '.join([*BENCHES, *ALIASES])}.")
    missed = []
    with tempfile.TemporaryDirectory() as scratch:
        template = snapshot(Path(scratch) / "template")
        for name in wanted or BENCHES:
            answers, steps, benches = BENCHES[name]
            folder = ROOT / ".nox/bench" / name
            shutil.rmtree(folder, ignore_errors=True)
            render(template, folder, answers)
            for step in [["--quiet", "my-model", "data"], *steps]:
                _uv(folder, *step).check_returncode()
            machine = _machine(folder)
            for title, words in benches.items():
                if SMALL in words:
                    words = [w if w != SMALL else f"{SMALL}{smollm2(folder)}" for w in words]
                python = [] if words[0] == "--with-requirements" else ["python", HERE / words[0]]
                done = _uv(folder, *(python + words[1:] if python else words))
                lines = [each for each in done.stdout.splitlines() if each[:8] != " warning"]
                text = "\n".join(lines).strip()
                if not text:  # it broke, rather than miss its goal
                    done.check_returncode()
                _keep(title, f"{machine}\n\n```text\n{text}\n```\n")
                missed += [title] * (done.returncode != 0)
    if missed:
        raise SystemExit(f"missed: {'; '.join(missed)}")


def _uv(folder: Path, *words: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a project's environment, and show what it prints."""
    command = ["uv", "run", "--directory", folder, *words]
    print("$", *words, flush=True)
    env = os.environ | (interpreter(folder) or {})
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env)
    print(done.stdout, flush=True)
    return done


def _machine(folder: Path) -> str:
    """Return the date, the machine and the versions that were measured."""
    found = tomllib.loads((folder / "uv.lock").read_text("utf-8"))["package"]
    versions = {each["name"]: each["version"] for each in found}
    known = [f"{name} {versions[name]}" for name in PACKAGES if name in versions]
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    where = f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores"
    return f"{date.today()}: {where}, Python {platform.python_version()}, {', '.join(known)}."


def _keep(title: str, text: str) -> None:
    """Put a section on the page, in the order of BENCHES."""
    before = PAGE.read_text("utf-8") if PAGE.exists() else TEXT
    sections = dict(each.split("\n\n", 1) for each in before.split("\n## ")[1:])
    sections[title] = text
    titles = [title for _, _, benches in BENCHES.values() for title in benches]
    texts = [
        f"\n## {title}\n\n{sections[title].strip()}\n" for title in titles if title in sections
    ]
    PAGE.write_text(TEXT + "".join(texts), "utf-8")


if __name__ == "__main__":
    started = time.perf_counter()
    main(*sys.argv[1:])
    print(f"{(time.perf_counter() - started) / 60:.0f} minutes; see {PAGE}")
