"""Update edited projects of the history to the working tree, and print the results.

`python history.py` takes commits that completed another kind of project, and tags them
in a clone as if each were a release; `python history.py texts` restricts it to some answers, and
`--tests` runs the tests of each updated project. It fails if a file conflicts that the user did not
touch, if an edit is lost, if a file without a conflict differs from a new render with the same
edits, or if a test fails.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from copier import run_update

from edits import conflicts, edited, edits, files, lost, project
from render import ROOT, commit, git, snapshot, speed_up_copier

RELEASES = {
    "0.1": "1bbed5d",  # tables with scikit-learn
    "0.2": "726eb04",  # PyTorch, pictures, pages and devices
    "0.3": "dcea5db",  # texts with scikit-learn
    "0.4": "d689131",  # Transformers
    "0.5": "c5bdd9f",  # language models
    "0.6": "9ffa61c",  # language models are served
}
NEXT = "9999"
DEVICES = ["api", "batch", "browser", "ios", "android", "edge"]
ANSWERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "regression": {"task": "tabular-regression", "tracker": "mlflow", "versioning": "dvc"},
    "pages": {"targets": ["browser"], "ci": "gitlab", "license": "Apache-2.0"},
    "pytorch": {"framework": "pytorch", "tracker": "tensorboard", "targets": DEVICES},
    "pictures": {"task": "image-classification", "ci": "none"},
    "devices": {"task": "image-classification", "framework": "pytorch", "targets": DEVICES},
    "texts": {"task": "text-classification", "tracker": "wandb"},
    "transformers": {"task": "text-classification", "framework": "transformers"},
    "language-model": {"task": "text-generation", "targets": ["batch"]},
    "served": {"task": "text-generation", "targets": ["api", "llama-cpp", "vllm"]},
}
HEAD = """\
| release | answers | changed | conflicts, edited | not edited | edits lost | not as new | tests |
|---|---|---|---|---|---|---|---|
"""


def recorded(repository: Path = ROOT) -> bool:
    """Return whether the commits exist: a shallow clone lacks them."""
    commits = [f"{number}^{{commit}}" for number in RELEASES.values()]
    command = ["git", "-c", "safe.directory=*", "cat-file", "-e"]
    return all(
        subprocess.run([*command, one], cwd=repository, capture_output=True).returncode == 0
        for one in commits
    )


def releases(folder: Path) -> Path:
    """Clone this repository, tag its releases, and commit the working tree as the next one."""
    git(ROOT, "-c", "safe.directory=*", "clone", "-q", str(ROOT), str(folder))
    for version, number in RELEASES.items():
        git(folder, "tag", version, number)
    git(folder, "rm", "-rq", ".")
    ignored = shutil.ignore_patterns(".git")
    shutil.copytree(snapshot(folder.with_name("next")), folder, ignored, dirs_exist_ok=True)
    commit(folder, "next")
    git(folder, "tag", NEXT)
    return folder


def update(template: Path, version: str, answers: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Update an edited project of that version; return file names by outcome."""
    old = project(template, scratch / "old", answers, version)
    edits(old)
    run_update(old, defaults=True, overwrite=True, quiet=True)
    expected = project(template, scratch / "expected", answers)
    edits(expected)
    return found(old, expected)


def found(folder: Path, expected: Path) -> dict[str, list[str]]:
    """Compare an updated project with a new render that has the same edits.

    Existing data stay unchanged, from an earlier task or an earlier version.
    """
    conflicting, now, texts = conflicts(folder), files(folder), files(expected)
    unlike = {name for name in {*now, *texts} if now.get(name) != texts.get(name)}
    unlike -= {name for name in now if name.startswith("data/raw/")}
    return {
        "changed": git(folder, "status", "--short", "--untracked-files=all").splitlines(),
        "touched": [name for name in conflicting if name in edited()],
        "untouched": [name for name in conflicting if name not in edited()],
        "lost": lost(folder),
        "unlike": sorted(unlike - {*conflicting}),
    }


def failed_tests(folder: Path, expected: Path, conflicting: list[str]) -> list[str]:
    """Resolve conflicts in favour of the new file with its edit; return its failing tests."""
    for name in conflicting:
        shutil.copy2(expected / name, folder / name)
    command = ["uv", "run", "--directory", str(folder), "pytest", "-q", "-rfE"]
    done = subprocess.run(command, capture_output=True, text=True)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed or ["the tests did not run"] * (done.returncode != 0)


def main() -> None:
    """Print a row for each release and each set of answers, or for the named sets only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[*ANSWERS], help="answers; all if none")
    parser.add_argument("--tests", action="store_true", help="also run the projects' own tests")
    args = parser.parse_args()
    speed_up_copier()
    print(HEAD, end="", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        template = releases(Path(scratch) / "template")
        for version in RELEASES:
            for name in args.names:
                place = Path(scratch, version, name)
                try:
                    result = update(template, version, ANSWERS[name], place)
                except ValueError as error:
                    if not str(error).startswith("Invalid choice"):  # not offered by that version
                        raise
                    continue
                ran = None
                if args.tests:
                    ran = failed_tests(place / "old", place / "expected", result["touched"])
                failed |= any(result[kind] for kind in ("untouched", "lost", "unlike")) or bool(ran)
                print(_row(version, name, result, ran), flush=True)
    sys.exit(failed)


def _row(version: str, name: str, result: dict[str, list[str]], ran: list[str] | None) -> str:
    names = (" ".join(result[kind]) or "0" for kind in ("touched", "untouched", "lost", "unlike"))
    tests = "" if ran is None else "; ".join(ran) or "pass"
    return f"| {version} | {name} | {len(result['changed'])} | {' | '.join(names)} | {tests} |"


if __name__ == "__main__":
    main()
