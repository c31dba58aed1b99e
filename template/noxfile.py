"""The checks of this project: `uvx nox` runs all, `uvx nox -s tests` one of them."""

import nox

# All sessions share uv's environment, .venv: nothing is installed twice.
nox.options.default_venv_backend = "none"
nox.options.stop_on_first_error = False

SCRIPT = nox.project.load_toml("pyproject.toml")["project"]["name"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style and likely errors; needs only the `dev` group."""
    tool = ("uv", "run", "--only-group", "dev", "ruff")
    session.run(*tool, "check", ".")
    session.run(*tool, "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Type annotations."""
    session.run("uv", "run", "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Tests; `uvx nox -s tests -- -k export` runs some of them."""
    session.run("uv", "run", "pytest", *session.posargs)


@nox.session
def pipeline(session: nox.Session) -> None:
    """All stages on the data of config.yaml, in a separate folder of runs."""
    session.run("uv", "run", SCRIPT, "run", "--paths.runs", ".nox/runs", *session.posargs)
