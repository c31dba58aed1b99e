"""`copier update` loses nothing: deleted files stay deleted, and data stay unchanged."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_recopy, run_update
from copier.errors import ForbiddenPathError

from edits import conflicts, project
from render import commit, git, render

# Every question but two is switched, then every one.
MINOR = {"description": "Second.", "author": "Ann", "license": "proprietary", "tracker": "mlflow"}
MINOR |= {"targets": ["batch", "browser"], "versioning": "dvc", "ci": "gitlab"}
MAJOR = {"project_name": "My-Model", "task": "text-classification", "framework": "transformers"}
MAJOR |= {"description": "Third.", "author": "Bob", "license": "Apache-2.0", "tracker": "wandb"}
MAJOR |= {"targets": ["api"], "versioning": "none", "ci": "github"}
DEMO, NEXT_DEMO = "birdstrikes.csv", "remarks.csv"
DELETED = ["noxfile.py", "tests/test_data.py", "src/my_model/settings/model.py"]
OLD_NAME, NEW_NAME = "src/my_model/tune.py", "src/my_model/search.py"


def _delete(folder: Path) -> None:
    """Delete files and a folder of the template, and rename one of its modules."""
    for name in DELETED:
        (folder / name).unlink()
    shutil.rmtree(folder / "src/my_model/settings")
    (folder / OLD_NAME).rename(folder / NEW_NAME)


def _held(raw: Path) -> None:
    """Change the demo's rows and add a file, both to be committed."""
    with (raw / DEMO).open("a", encoding="utf-8") as file:
        file.write("a row of the user's\n")
    (raw / "own.csv").write_text("a,b\n1,2\n", "utf-8")


def _ignored(raw: Path) -> None:
    """Remove the data from git, as `dvc add` does, with rows that are in no commit."""
    git(raw, "rm", "-rq", "--cached", ".")
    (raw.parent / ".gitignore").write_text("/raw\n", "utf-8")
    _held(raw)


def _deleted(raw: Path) -> None:
    shutil.rmtree(raw.parent)


def _linked(raw: Path) -> None:
    """Move the data elsewhere, and replace them by a link."""
    disk = raw.parents[2] / "disk"
    shutil.move(raw, disk)
    raw.symlink_to(disk)
    _held(raw)


def _linked_above(raw: Path) -> None:
    disk = raw.parents[2] / "disk"
    shutil.move(raw.parent, disk)
    raw.parent.symlink_to(disk)


def _rows(folder: Path) -> dict[str, bytes]:
    """Return the content of the data folder, which may be a link or missing."""
    return {path.name: path.read_bytes() for path in (folder / "data/raw").glob("*")}


def _update(folder: Path, answers: dict[str, Any], **options: Any) -> None:
    """Update and commit; assert that deleted files do not return and nothing conflicts."""
    given = {"data": answers, "defaults": True, "overwrite": True, "quiet": True}
    run_update(folder, **given | options)
    assert not [name for name in [*DELETED, OLD_NAME] if (folder / name).exists()]
    assert (folder / NEW_NAME).exists() and not conflicts(folder)
    known = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    assert known | answers == known
    commit(folder, "updated")


def _refused(folder: Path, answers: dict[str, Any]) -> None:
    """A link that Copier may not follow ends the update before anything is written."""
    before = git(folder, "rev-parse", "HEAD")
    with pytest.raises(ForbiddenPathError, match=r"(?s)data/raw.*--trust"):
        run_update(folder, data=answers, defaults=True, overwrite=True, quiet=True)
    assert not git(folder, "status", "--short") and git(folder, "rev-parse", "HEAD") == before


@pytest.mark.parametrize(
    ("change", "version", "place"),
    [
        (_held, None, "models/first"),
        (_ignored, "0.6", "."),
        (_deleted, "0.6", "models/first"),
        (_linked, None, "."),
        (_linked_above, "0.6", "."),
    ],
)
def test_an_update_brings_nothing_back_and_takes_no_data(
    change: Callable[[Path], None],
    version: str | None,
    place: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """From a release and from the working tree, in a repository's root and in a subfolder."""
    source = request.getfixturevalue("releases" if version else "template")
    folder = render(source, tmp_path / "repository" / place, version=version)
    git(tmp_path / "repository", "init", "-q", "-b", "main")
    commit(folder, "rendered")
    _delete(folder)
    change(folder / "data/raw")
    commit(folder, "changed")
    rows = _rows(folder)
    _update(folder, MINOR)
    assert _rows(folder) == rows
    ways_out = {_linked: {"data": MAJOR | {"demo": False}}, _linked_above: {"unsafe": True}}
    if change in ways_out:
        _refused(folder, MAJOR)
        _update(folder, MAJOR, **ways_out[change])
        assert _rows(folder) == rows
    else:
        _update(folder, MAJOR)
        assert _rows(folder) == rows | {NEXT_DEMO: _rows(folder)[NEXT_DEMO]}
    rows = _rows(folder)
    run_recopy(folder, defaults=True, overwrite=True, quiet=True)
    assert _rows(folder) == rows


def test_exclude_leaves_a_file_that_git_ignores(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Copier overwrites files that git ignores, and first prints how to keep a file."""
    folder = project(template, tmp_path / "project")
    git(folder, "rm", "-q", "--cached", "config.yaml")
    with (folder / ".gitignore").open("a", encoding="utf-8") as file:
        file.write("/config.yaml\n")
    commit(folder, "ignored")
    (folder / "config.yaml").write_text("seed: 7\n", "utf-8")
    given = {"defaults": True, "overwrite": True, "exclude": ["config.yaml"]}
    run_update(folder, data={"task": "tabular-regression", "targets": []}, **given)
    assert (folder / "config.yaml").read_text("utf-8") == "seed: 7\n"
    assert _rows(folder).keys() == {DEMO, "penguins.csv"} and not conflicts(folder)
    assert "--exclude config.yaml" in capfd.readouterr().err
