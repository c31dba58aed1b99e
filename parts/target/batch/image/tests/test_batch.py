"""Pictures from a folder, a .zip or a table get what the model says; broken ones a reason."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from my_model import cli, data
from my_model.config import Config
from my_model.formats import onnx_runtime

COMMAND = "import sys; from my_model.cli import main; sys.exit(main())"


@pytest.fixture
def photos(run: Path, config: Config, tmp_path: Path) -> Path:
    """A folder of held-out pictures."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, file in enumerate(data.load_test(config).inputs["file"].head(150)):
        shutil.copy(file, folder / f"{number:03}.png")
    return folder


def predict(source: Path, output: Path, options: list[str], chunk: int = 40) -> int:
    settings = ["--run=demo", f"--predict.chunk={chunk}", *options]
    return cli.main(["predict", str(source), str(output), *settings])


@pytest.mark.parametrize("kind", ["folder", "zip", "csv"])
@pytest.mark.parametrize("result", ["csv", "parquet"])
def test_every_kind_of_set_gives_what_the_model_says(
    kind: str, result: str, photos: Path, run: Path, options: list[str]
) -> None:
    names = sorted(path.name for path in photos.iterdir())
    (photos / "076.png").write_text("no picture")
    source, output = photos, photos.parent / f"out.{result}"
    if kind == "zip":
        source = Path(shutil.make_archive(str(photos), "zip", photos))
    elif kind == "csv":
        source = photos / "table.csv"
        pd.DataFrame({"note": names, "image": names}).to_csv(source, index=False)
    assert predict(source, output, options) == 0
    scored = (
        pd.read_csv(output, dtype={"label": str}) if result == "csv" else pd.read_parquet(output)
    )
    assert list(scored)[:2] == (["note", "image"] if kind == "csv" else ["image", "label"])
    broken = scored["reason"].notna()
    assert scored["image"].str.endswith("076.png").tolist() == broken.tolist()
    assert scored[broken].iloc[0]["reason"] == "is no PNG, JPEG or WebP picture"
    assert scored[broken].filter(like="probability").isna().all(axis=None)
    files = [str(photos / name) for name in names if name != "076.png"]
    predictions, labels = onnx_runtime.load(run / "export/onnx").decide({"image": files})
    assert scored.loc[~broken, "label"].tolist() == labels.tolist()
    found = scored[~broken].filter(like="probability").to_numpy()
    np.testing.assert_allclose(found, predictions, rtol=1e-4, atol=1e-6)


def test_a_killed_run_goes_on_where_it_stopped(
    photos: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, output = photos.parent / "whole.csv", photos.parent / "out.csv"
    partial = photos.parent / "out.csv.partial"
    assert predict(photos, whole, options, 2) == 0
    words = ["predict", str(photos), str(output), "--run=demo", "--predict.chunk=2", *options]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stderr=subprocess.DEVNULL)
    while not list(partial.glob("00000[3-9]*")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert partial.exists() and not output.exists()
    assert predict(photos, output, options, 2) == 0
    assert "Going on with the finished chunks" in capsys.readouterr().err
    assert output.read_bytes() == whole.read_bytes()


def test_mistakes_are_explained(
    photos: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (photos.parent / "empty").mkdir()
    table = photos.parent / "table.csv"
    table.write_text("file,note\na.png,1\n")
    for source, reason in (
        (photos.parent / "nothing", "no such file"),
        (photos.parent / "empty", "holds no picture"),
        (table, "has no 'image'; did you mean"),
    ):
        assert predict(source, photos.parent / "out.csv", options) == 2
        assert reason in capsys.readouterr().err
    assert not (photos.parent / "out.csv").exists()
