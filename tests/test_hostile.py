"""Hostile answers are rejected with a message, or rendered as literal text."""

import tomllib
from pathlib import Path

import pytest
import yaml
from copier import run_update
from jinja2 import TemplateNotFound

from render import commit, git, render
from test_render import check_texts

TEXTS = [
    'say "hi"',
    "it's",
    "line\nbreak",
    "break at the end\n",
    "tab\there",
    "carriage\rreturn",
    "nul\0byte",
    "del\x7f",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# note #}",
    "{{ cycler.__init__.__globals__ }}",
    "}}",
    "; rm -rf ~",
    "$(id)",
    "`id`",
    "${HOME}",
    "a && b | c > d",
    "../../etc/passwd",
    "back\\slash",
    "key: [value",
    "- item",
    "# comment",
    "'''",
    '"""',
    "]\n[tool.evil]\nx = 1",
    "</script><script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "| a | b |",
    "emoji 🦜 and Ünïcödé",
    "right-to-left \u202e mark",
    "line separator \u2028",
    "lone \ud800 surrogate",
    "x" * 10_000,
    " ",
    "null",
    "123",
    "true",
    "~",
    "!!python/object:os.system",
    "&anchor *alias",
    "%TEMP%",
    "my_model",
]
NAMES = [
    "../evil",
    "/tmp/evil",
    "class",
    "None",
    "json",
    "numpy",
    "My Model; rm",
    "a{{ 1 }}",
    "-rf",
    "1st",
    "é",
    "a\nb",
    "con",
    "",
    "a" * 31,
    "name.with.dots",
    "a/b",
    "a'b",
    'a"b',
    "$(id)",
    "My Model\n",
    123,
    "sklearn",
    "google",
]
CHOICES = [
    {"task": "tabular-clustering"},
    {"framework": "../../x"},
    {"targets": ["api", "moon"]},
    {"tracker": "{{ 1 }}"},
    {"license": "GPL; rm"},
    {"ci": ["github"]},
    {"targets": "api"},
    {"targets": None},
    {"versioning": True},
    {"description": ["a"]},
    {"author": {"a": 1}},
    {"author": None},
    {"package": "../../evil"},
    {"package": "my_model\n"},
    {"project_slug": 'x"\n[tool.evil]\ny = "'},
    {"problem": "../../framework/sklearn"},
    {"modality": "{{ 1 }}"},
    {"api": "../../evil"},
    {"image": "elsewhere"},
    {"browser": True},
]
TRAPS = [
    "null",
    "~",
    "0x10",
    "2026-11-24",
    "a: b # c",
    "'",
    "! &a *b [c, |",
]  # with a meaning in YAML


@pytest.mark.parametrize("question", ["description", "author"])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:30])
def test_a_text_is_refused_or_kept(
    question: str, text: str, template: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    try:
        render(template, folder, {question: text})
    except ValueError as refusal:
        assert "Use one line of at most" in str(refusal)
        assert not folder.exists()
        return
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    kept = project["authors"][0]["name"] if question == "author" else project["description"]
    assert kept == text
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    assert answers[question] == text
    page = folder / ("LICENSE" if question == "author" else "README.md")
    assert text in page.read_text("utf-8")
    check_texts(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["project"]


def test_unusual_texts_survive_updates(template: Path, tmp_path: Path) -> None:
    text = "a; $(b) 'c' \"d\" #e & *f: [g] | ü 🦜"
    folder = render(template, tmp_path / "project", {"description": text, "author": TRAPS[0]})
    git(folder, "init", "-q")
    commit(folder, "rendered")
    for author in TRAPS:
        run_update(folder, data={"author": author}, defaults=True, overwrite=True, quiet=True)
        answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
        assert (answers["description"], answers["author"]) == (text, author)
        commit(folder, author)
    run_update(folder, defaults=True, overwrite=True, quiet=True)
    assert git(folder, "status", "--short") == ""


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_name_that_can_be_no_package_is_refused(
    name: str, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"Use 2 to 30|choose another"):
        render(template, tmp_path / "project", {"project_name": name})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("answers", CHOICES, ids=str)
def test_an_answer_that_is_none_is_refused(answers: dict, template: Path, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError, TemplateNotFound)):
        render(template, tmp_path / "project", answers)
    assert not list(tmp_path.iterdir())
