"""The project's configuration: config.yaml as a typed, strict object."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError, create_model

from . import commands, metrics
from .settings.model import Model
from .settings.train import Train
from .toolkit import config as files
from .toolkit.config import BaseConfig
from .toolkit.runs import UserError, find
from .toolkit.settings.data import Data
from .toolkit.settings.evaluate import Evaluate

DATA = ("seed", "data")  # all that an export needs, whatever framework trained it
OF_RUN = (*DATA, "model", "train")
OF_FILE = ("bad_rows", "sheet")  # keys of `data` that may differ for a new file


class Evaluation(Evaluate):
    """The toolkit's section, which accepts the project's own metrics too."""

    OWN: ClassVar = metrics.OWN


class Config(BaseConfig):
    """All settings of the pipeline: those of the toolkit, the model and its training."""

    model: Model = Model()
    train: Train = Train()
    evaluate: Evaluation = Evaluation()


@cache
def complete() -> type[Config]:
    """Return the configuration with a section for each command that has settings."""
    sections: dict[str, Any] = {}
    for name in commands.names():
        if kind := getattr(commands.load(name), "Settings", None):
            sections[name] = kind, _defaults(name, kind, [other for other, _ in sections.values()])
    return create_model("Config", __base__=Config, **sections)


def _defaults(name: str, kind: type[BaseModel], others: list[type[BaseModel]]) -> BaseModel:
    """Return the section of a command with its defaults; UserError if it can't be one."""
    file = f"commands/{name}.py"
    if hasattr(Config, name) or name in Config.model_fields:
        raise UserError(f"{file}: {name!r} is a name of the configuration: rename the file.")
    if kind in others:
        raise UserError(f"{file}: another command has the same Settings: derive a class from it.")
    try:
        return kind()
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(f"{file}: give {key!r} of its Settings a default.") from None


def load(path: Path, overrides: dict[str, str]) -> Config:
    """Return the configuration of a file with overrides: dotted keys and YAML values."""
    return files.load(complete(), path, overrides)


def of_run(
    config: Config, name: str | None, kept: Sequence[str] = OF_RUN, new_file: bool = False
) -> tuple[Path, Config]:
    """Return the folder of a run, and the configuration with the `kept` sections of that run.

    With `new_file`, the current `data.bad_rows` and `data.sheet` apply, unless they are defaults.
    """
    run = find(config.paths.runs, name)
    path = run / "config.yaml"
    own = {name: content for name, content in files.read(path).items() if name in kept}
    if new_file:
        chosen = {key: getattr(config.data, key) for key in OF_FILE}
        defaults = {key: Data.model_fields[key].default for key in OF_FILE}
        own["data"] |= {key: value for key, value in chosen.items() if value != defaults[key]}
    try:
        return run, type(config).model_validate(config.model_dump(mode="json") | own)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(
            f"{path}: {key} is of another framework or version, or of code that has changed since: "
            "use another run, by --run. Exports of this one still predict, and `evaluate "
            f"--against {run.name}` compares a newer run with them."
        ) from None
