"""The commands besides the pipeline's stages: one module each, named after the command.

A module's docstring is the help. `run(config, args)` does the work and returns the exit code;
`Settings`, if defined, is its section of config.yaml; `READS` names other sections, or keys, that
it reads; `arguments(parser)` adds further arguments. Slow imports belong inside `run`.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType


def names() -> list[str]:
    """Return the names of the commands in this project."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def load(name: str) -> ModuleType:
    """Return the module of a command."""
    return import_module(f".{name}", __package__)
