"""Pictures that look different are noticed, whether they lie in a folder or were sent."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from my_model import cli, data
from my_model.config import Config
from my_model.formats import contract


def altered(config: Config, folder: Path, change) -> Path:
    """Held-out pictures, each changed."""
    folder.mkdir()
    for number, file in enumerate(data.load_test(config).inputs["file"]):
        with Image.open(file) as image:
            change(image.convert("L")).save(folder / f"{number}.png", optimize=True)
    return folder


def drifted(run: Path) -> list[str]:
    return json.loads((run / "monitor/report.json").read_text())["drifted"]


def test_a_page_and_an_exit_code_tell(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """Held-out pictures do not differ from the training ones; darker or larger ones do."""
    same = altered(config, tmp_path / "same", lambda image: image)
    assert cli.main(["monitor", str(same), "--run=demo", *options]) == 0
    darker = altered(
        config, tmp_path / "darker", lambda image: ImageEnhance.Brightness(image).enhance(0.7)
    )
    assert cli.main(["monitor", str(darker), "--run=demo", *options]) == 1
    assert "brightness" in drifted(run) and "width" not in drifted(run)
    larger = altered(config, tmp_path / "larger", lambda image: image.resize((24, 24)))
    assert cli.main(["monitor", str(larger), "--run=demo", *options]) == 1
    assert "width" in drifted(run)
    page = (run / "monitor/report.html").read_text()
    assert "<figcaption>brightness</figcaption>" in page or "<figcaption>width</figcaption>" in page
    assert "http" not in page.replace("http://www.w3.org/", "")  # needs no network


def test_requests_are_read_from_the_log(
    config: Config, run: Path, options: list[str], tmp_path: Path
) -> None:
    """Here only what is predicted has changed; the line that is being written is left alone."""
    names = [each["name"] for each in contract.described(contract.load(run / "export/onnx"))]
    inputs = data.load_test(config).inputs[names]
    labels = contract.load(run / "export/onnx")["outputs"]["labels"]
    always = [float(number == 3) for number in range(len(labels))]
    records = json.loads(inputs.to_json(orient="records"))
    answer = {"time": "2026-11-24T08:00:00Z", "label": labels[3], "probabilities": always}
    lines = [json.dumps({"inputs": record, **answer}) for record in records]
    log = tmp_path / "requests.jsonl"
    log.write_text("\n".join(lines) + "\n" + lines[0][:50])
    assert cli.main(["monitor", str(log), "--run=demo", *options]) == 1
    assert drifted(run) == ["__prediction__"]


def test_too_few_pictures_are_not_judged(
    config: Config,
    run: Path,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = altered(config, tmp_path / "few", lambda image: image)
    for file in sorted(folder.iterdir())[50:]:
        file.unlink()
    (folder / "broken.png").write_text("no picture")
    assert cli.main(["monitor", str(folder), "--run=demo", *options]) == 2
    assert "50 rows are too few to judge" in capsys.readouterr().err
