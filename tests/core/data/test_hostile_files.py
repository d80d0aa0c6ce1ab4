import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.data.decoding import inspect, open_picture
from core.data.importing import NothingImported
from core.errors import PictureRejected
from core.workspace import Workspace
from tests.core.data.bringing import bring, everything_below, png, write_tree, write_zip
from tests.core.data.hostile import HostileFile, hostile_files, write_hostile

FILES = hostile_files(200)


def refusal_of(read: Callable[[bytes], object], file: HostileFile) -> PictureRejected | None:
    try:
        read(file.content)
    except PictureRejected as refusal:
        return refusal
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name[:10]))
def test_decoding_gives_a_picture_or_a_reason(file: HostileFile) -> None:
    seen, opened = refusal_of(inspect, file), refusal_of(open_picture, file)
    assert (seen is None) == (opened is None)
    if file.must_fail:
        assert seen is not None
    if seen is not None:
        assert seen.problem
        assert seen.fix


def test_a_folder_of_200_is_imported_around_the_damage(tmp_path: Path, workspace: Workspace) -> None:
    root = write_tree(tmp_path / "pictures", {"cat/good.png": png(1), "dog/good.png": png(2)})
    names = write_hostile(root, FILES)
    before = everything_below(tmp_path)
    dataset = bring(workspace, root)
    told = {picture.name for picture in dataset.pictures} | {rejected.name for rejected in dataset.rejected}
    assert told == set(names.values()) | {"cat/good.png", "dog/good.png"}
    assert {names[file.name] for file in FILES if file.must_fail} <= {r.name for r in dataset.rejected}
    assert all(rejected.reason and rejected.fix for rejected in dataset.rejected)
    added = everything_below(tmp_path) - before
    assert {path for path in added if not path.startswith(f"home/datasets/{dataset.id}")} == set()


def test_a_zip_of_200_with_names_that_climb(tmp_path: Path, workspace: Workspace) -> None:
    climbing = {
        f"{prefix}{file.name}": file.content
        for prefix, file in zip(("../", "/", "cat/../../", "C:\\", "\\\\host\\") * 40, FILES, strict=True)
    }
    path = tmp_path / "hostile.zip"
    write_zip(path, {**climbing, "cat/good.png": png(1), "dog/good.png": png(2)})
    before = everything_below(tmp_path)
    dataset = bring(workspace, path)
    assert {picture.name for picture in dataset.pictures} == {"cat/good.png", "dog/good.png"}
    assert len(dataset.rejected) == len(FILES)
    assert all("absolute" in r.reason or "leads out" in r.reason for r in dataset.rejected)
    added = everything_below(tmp_path) - before
    assert {path for path in added if not path.startswith(f"home/datasets/{dataset.id}")} == set()


def test_only_hostile_files_leave_nothing_but_their_names(tmp_path: Path, workspace: Workspace) -> None:
    hopeless = [file for file in FILES if file.must_fail]
    names = write_hostile(tmp_path / "pictures", hopeless)
    with pytest.raises(NothingImported) as refusal:
        bring(workspace, tmp_path / "pictures")
    assert {rejected.name for rejected in refusal.value.rejected} == set(names.values())
    assert list(workspace.datasets.iterdir()) == []


def test_members_that_are_damaged_inside_the_zip(tmp_path: Path, workspace: Workspace) -> None:
    files = {f"cat/{i}.png": png(i) for i in range(6)}
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = bytearray(path.read_bytes())
    hit = content.find(png(3)) + len(png(3)) // 2
    content[hit : hit + 4] = b"\x00\x01\x02\x03"
    path.write_bytes(content)
    dataset = bring(workspace, path)
    assert [rejected.name for rejected in dataset.rejected] == ["cat/3.png"]
    assert "can't be read" in dataset.rejected[0].reason
    assert len(dataset.pictures) == 5
