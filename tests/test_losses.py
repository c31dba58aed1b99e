"""`copier update` loses nothing: what is deleted stays so, and data stay as their user has them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from copier import run_recopy, run_update
from copier.errors import ForbiddenPathError

from edits import conflicts, edit, project
from render import commit, git

# Every question but the task has another answer, then every question.
MINOR = {"description": "Another one.", "author": "Ann", "license": "proprietary"}
MINOR |= {"targets": ["batch", "browser"], "tracker": "mlflow", "versioning": "dvc"}
MINOR |= {"ci": "gitlab"}
TASK = {"project_name": "Other", "task": "text-classification", "framework": "transformers"}
TASK |= {"versioning": "none", "targets": ["api"], "tracker": "wandb", "license": "MIT"}
TASK |= {"description": "A third one.", "author": "Bob", "ci": "none"}
DEMO, NEW = "data/raw/birdstrikes.csv", "data/raw/remarks.csv"
GONE = ["noxfile.py", "tests/test_report.py", "src/my_model/scores/cost.py", ".github"]


def _update(folder: Path, answers: dict[str, Any], **options: Any) -> None:
    given = {"defaults": True, "overwrite": True, "quiet": True} | options
    run_update(folder, data=answers, **given)


def _delete(folder: Path) -> None:
    """Delete files and a folder of the template's, and give a module another name."""
    (folder / "noxfile.py").unlink()
    (folder / "tests/test_report.py").unlink()
    (folder / "src/my_model/scores/cost.py").rename(folder / "src/my_model/scores/price.py")
    shutil.rmtree(folder / ".github")


def _held(folder: Path) -> None:
    """Change the demo data and add own ones, all held by git."""
    edit(folder / DEMO, "\n3,", "\n4,") if (folder / DEMO).read_text("utf-8").count("\n3,") == 1 else None
