"""Pictures are found wherever they lie; what is none, or not honest, is refused with a reason."""

import shutil
import zipfile
from pathlib import Path

import pytest
from made import folder_of, reading

from my_model import data
from my_model.config import Config
from my_model.runs import UserError


def test_a_folder_a_zip_and_a_table_hold_the_same(config: Config, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos")
    archive = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path, "photos"))
    table = tmp_path / "table.csv"
    files = list(folder.rglob("*.*"))
    lines = [f"{path.relative_to(tmp_path)},{path.relative_to(folder).parts[0]}" for path in files]
    table.write_text("\n".join(["image,label", *lines, f"{files[0].relative_to(tmp_path)},\n"]))
    found = [data.load(reading(config, path)) for path in (folder, archive, table)]
    assert found[2].manifest["rows_without_target"] == 1
    for each in found:
        assert sum(each.manifest["splits"].values()) == 80
        assert sorted(each.schema.labels) == ["dots", "lines"]
    hashes = [set(each.train.ids) | set(each.val.ids) for each in found]
    assert hashes[0] == hashes[1] == hashes[2]


def test_rows_of_too_many_cells_are_refused_or_left_out(config: Config, tmp_path: Path) -> None:
    files = sorted(folder_of(tmp_path / "photos").rglob("*.*"))
    lines = [f"{path.relative_to(tmp_path)},{path.parent.name}" for path in files]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["image,label", *lines, "photos/a,b.png,dots", ""]))
    with pytest.raises(UserError, match=r"row 81 has 3 cells and not 2.*--data\.bad_rows skip"):
        data.load(reading(config, table))
    manifest = data.load(reading(config, table, bad_rows="skip")).manifest
    assert sum(manifest["splits"].values()) == 80
    assert "row 81 has 3 cells" in manifest["notes"][0]


def test_broken_files_are_named_or_left_out(config: Config, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos")
    before = set(data.load(reading(config, folder)).train.ids)
    for number in range(5):
        (folder / "dots" / f"broken{number}.png").write_text("no picture")
    with pytest.raises(
        UserError, match=r"no usable picture in 5 of [0-9]+ files: .*broken0\.png is no PNG"
    ):
        data.load(reading(config, folder))
    for _ in ("decoded", "remembered"):
        splits = data.load(reading(config, folder, skip_broken=True))
        assert splits.manifest["left_out"] == 5 and set(splits.train.ids) == before


@pytest.mark.parametrize("member", ["../out.png", "/out.png", "a/../../out.png", "c:\\out.png"])
def test_an_archive_can_not_write_elsewhere(member: str, config: Config, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("a/1.png", b"x")
        archive.writestr(member, b"x")
    with pytest.raises(UserError, match="leads out of the archive"):
        data.load(reading(config, tmp_path / "evil.zip"))
    assert not list(tmp_path.rglob("out.png")) and not list(tmp_path.glob("processed/*"))


def test_an_archive_that_swells_is_refused(config: Config, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", bytes(200_000_000))
    with pytest.raises(UserError, match="so it is no archive of pictures"):
        data.load(reading(config, tmp_path / "bomb.zip"))
