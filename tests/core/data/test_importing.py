import errno
import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.data.dataset import list_datasets, load_dataset
from core.data.importing import (
    ImportConfig,
    NothingImported,
    SourceKind,
    import_dataset,
)
from core.data.sources import stage_uploads
from core.data.splitting import current_split
from core.errors import Cancelled, ConfigError, ImportRefused
from core.records import from_json, to_json
from core.workspace import Workspace, open_workspace
from tests.core.data.bringing import bring, bring_with, encoded, everything_below, png, write_tree, write_zip

PETS = {"cat/1.png": png(1), "cat/2.png": png(2), "dog/1.png": png(3), "dog/2.png": png(4)}


def test_a_folder_becomes_a_data_set(tmp_path: Path, workspace: Workspace) -> None:
    dataset = bring(workspace, write_tree(tmp_path / "pets", PETS), "Pets")
    assert (dataset.name, dataset.classes) == ("Pets", ("cat", "dog"))
    assert [picture.name for picture in dataset.pictures] == sorted(PETS)
    assert list(dataset.labels()) == [0, 0, 1, 1]
    assert dataset.rejected == ()
    for picture in dataset.pictures:
        assert dataset.path(picture).read_bytes() == PETS[picture.name]
        assert (picture.width, picture.height, picture.mode, picture.format) == (10, 12, "RGB", "PNG")
    assert load_dataset(workspace, dataset.id) == dataset
    assert [summary.name for summary in list_datasets(workspace)] == ["Pets"]
    split = current_split(dataset)
    assert sorted(split.train + split.valid + split.test) == [0, 1, 2, 3]


@pytest.mark.parametrize("prefix", ["", "wrapped/"])
def test_a_zip_is_the_same_data_set(tmp_path: Path, workspace: Workspace, prefix: str) -> None:
    files = {prefix + name: content for name, content in PETS.items()}
    dataset = bring(workspace, write_zip(tmp_path / "pets.zip", {**files, "__MACOSX/cat/._1.png": b"litter"}))
    assert [(p.key, p.label) for p in dataset.pictures] == [
        (p.key, p.label) for p in bring(workspace, write_tree(tmp_path / "pets", PETS)).pictures
    ]
    assert dataset.rejected == ()


def test_uploads_are_a_data_set_and_vanish(workspace: Workspace) -> None:
    staged = workspace.imports / "job" / "upload"
    stage_uploads(staged, [(f"pets/{name}", io.BytesIO(content)) for name, content in PETS.items()])
    dataset = bring_with(workspace, ImportConfig("Pets", SourceKind.UPLOADS, str(staged), came_as="pets"))
    assert dataset.source == "upload of pets"
    assert len(dataset.pictures) == 4
    assert not staged.exists()


def test_a_zip_of_the_user_s_own_stays(tmp_path: Path, workspace: Workspace) -> None:
    path = write_zip(tmp_path / "pets.zip", PETS)
    bring(workspace, path)
    assert path.exists()


def test_given_splits_are_kept(tmp_path: Path, workspace: Workspace) -> None:
    files = {
        "train/cat/1.png": png(1),
        "val/cat/2.png": png(2),
        "test/cat/3.png": png(3),
        "train/dog/4.png": png(4),
    }
    dataset = bring(workspace, write_tree(tmp_path / "pets", files))
    assert {p.name: p.given_split for p in dataset.pictures} == {
        "train/cat/1.png": "train",
        "val/cat/2.png": "valid",
        "test/cat/3.png": "test",
        "train/dog/4.png": "train",
    }


def test_copies_are_stored_once(tmp_path: Path, workspace: Workspace) -> None:
    dataset = bring(workspace, write_tree(tmp_path / "p", {f"cat/{i}.png": png(1) for i in range(30)}))
    assert len(dataset.pictures) == 30
    assert len({picture.file for picture in dataset.pictures}) == 1
    assert len([path for path in (dataset.folder / "pictures").rglob("*") if path.is_file()]) == 1
    assert list_datasets(workspace)[0].bytes == len(png(1))


def test_content_counts_and_not_the_ending(tmp_path: Path, workspace: Workspace) -> None:
    files = {"cat/really-a-jpeg.png": encoded(Image.new("RGB", (9, 9)), "JPEG"), "cat/text.jpg": b"words"}
    dataset = bring(workspace, write_tree(tmp_path / "p", files))
    assert [(p.name, p.format, Path(p.file).suffix) for p in dataset.pictures] == [
        ("cat/really-a-jpeg.png", "JPEG", ".jpg")
    ]
    assert [(r.name, r.reason.startswith("Not a picture")) for r in dataset.rejected] == [
        ("cat/text.jpg", True)
    ]


def test_names_that_differ_in_case_only_both_come(tmp_path: Path, workspace: Workspace) -> None:
    files = {"cat/A.png": png(1), "cat/a.png": png(2), "Dog/1.png": png(3), "dog/1.png": png(4)}
    dataset = bring(workspace, write_zip(tmp_path / "p.zip", files))
    assert len(dataset.pictures) == 4
    assert dataset.classes == ("Dog", "cat", "dog")
    assert any("differ in upper and lower case" in note for note in dataset.notes)


def test_what_is_odd_is_noted(tmp_path: Path, workspace: Workspace) -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    files = {
        "cat/animated.gif": encoded(red, "GIF", save_all=True, append_images=[blue]),
        "cat/dot.png": encoded(Image.new("L", (1, 1))),
        "cat/wide.png": encoded(Image.new("L", (20_000, 3))),
        "dog/broken.png": b"nothing",
        ".hidden/x.png": png(1),
    }
    root = write_tree(tmp_path / "p", files)
    (root / "fish").mkdir()
    assert set(bring(workspace, root).notes) == {
        "Hidden folder .hidden was left out.",
        "Class folder fish is empty, so there is no such class.",
        "Class dog has no usable picture, so there is no such class.",
        "There is one class only: a network needs at least two to tell apart.",
        "1 picture with several frames: the first frame is used.",
        "1 picture more than 20 times as long as wide: resizing will distort a lot.",
        "1 picture smaller than 4 pixels a side: there is hardly anything to see.",
    }


def test_rejections_say_what_was_expected_and_found(tmp_path: Path, workspace: Workspace) -> None:
    too_large = b"P6\n12000 10000\n255\n" + bytes(100)
    dataset = bring(workspace, write_tree(tmp_path / "p", {**PETS, "cat/large.png": too_large}))
    (rejected,) = dataset.rejected
    assert rejected.reason == (
        "The picture is too large (expected at most 89 megapixels; found 12,000 x 10,000)."
    )


def test_nothing_usable_names_every_file(tmp_path: Path, workspace: Workspace) -> None:
    root = write_tree(tmp_path / "p", {f"cat/{i}.txt": b"words" for i in range(7)} | {"loose.png": png(1)})
    with pytest.raises(NothingImported, match="and 3 more") as refusal:
        bring(workspace, root)
    assert len(refusal.value.rejected) == 8
    assert list(workspace.datasets.iterdir()) == []


@pytest.mark.parametrize("path", ["", "  ", "~no-such-user-here/x", "zero\0byte", "x" * 300, "x/" * 3000])
@pytest.mark.parametrize("kind", [SourceKind.FOLDER, SourceKind.ZIP])
def test_what_can_t_be_a_path(workspace: Workspace, kind: SourceKind, path: str) -> None:
    with pytest.raises(ImportRefused, match=r"can't be a path"):
        bring_with(workspace, ImportConfig("Pets", kind, path))
    assert list(workspace.datasets.iterdir()) == []


def test_an_empty_folder(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingImported, match="no files"):
        bring(workspace, tmp_path / "empty")


def test_a_cancelled_import_leaves_nothing(tmp_path: Path, workspace: Workspace) -> None:
    root = write_tree(tmp_path / "p", {f"cat/{i}.png": png(i) for i in range(60)})
    before = everything_below(tmp_path)
    asked = 0

    def stop_after_40_questions() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    config = ImportConfig("Cats", SourceKind.FOLDER, str(root))
    with pytest.raises(Cancelled):
        import_dataset(workspace, config, on_progress=lambda *_: None, should_stop=stop_after_40_questions)
    assert everything_below(tmp_path) == before


def test_progress_runs_from_nothing_to_all(tmp_path: Path, workspace: Workspace) -> None:
    reports: list[tuple[int, int, str]] = []
    config = ImportConfig("Pets", SourceKind.FOLDER, str(write_tree(tmp_path / "p", PETS)))
    import_dataset(workspace, config, on_progress=lambda *r: reports.append(r), should_stop=lambda: False)
    assert reports[0] == (0, 0, "Listing the files")
    assert reports[-1] == (4, 4, "Checking the pictures")


def test_no_room_on_the_disk_is_told_before_copying(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.data.incoming.DISK_RESERVE", 10**18)
    with pytest.raises(ImportRefused, match="no room") as refusal:
        bring(workspace, write_tree(tmp_path / "p", PETS))
    assert "MB" in refusal.value.found
    assert list(workspace.datasets.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, workspace: Workspace) -> None:
    resource = pytest.importorskip("resource")
    big = Image.effect_noise((400, 400), 90)
    root = write_tree(tmp_path / "p", {**PETS, "cat/big.png": encoded(big)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(ImportRefused, match="disk is full"):
            bring(workspace, root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(workspace.datasets.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists() or os.geteuid() != 0, reason="needs a small disk to fill")
def test_a_really_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        workspace = open_workspace(disk)
        root = write_tree(
            tmp_path / "p", {f"cat/{i}.png": encoded(Image.effect_noise((200, 200), 90)) for i in range(20)}
        )
        monkeypatch.setattr("core.data.incoming.DISK_RESERVE", -(10**9))
        with pytest.raises(ImportRefused, match="disk is full") as refusal:
            bring(workspace, root)
        assert refusal.value.__cause__.errno == errno.ENOSPC  # type: ignore[union-attr]
        assert list(workspace.datasets.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_settings_survive_json() -> None:
    config = ImportConfig("Pets", SourceKind.ZIP, "pets.zip", came_as="My pets.zip")
    assert from_json(ImportConfig, to_json(config)) == config
    with pytest.raises(ConfigError, match="needs a name"):
        ImportConfig("  ", SourceKind.SAMPLE_DIGITS)


def test_a_zip_within_a_zip_is_named(tmp_path: Path, workspace: Workspace) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("cat/1.png", png(1))
    dataset = bring(workspace, write_zip(tmp_path / "p.zip", {**PETS, "cat/inner.zip": inner.getvalue()}))
    assert [rejected.name for rejected in dataset.rejected] == ["cat/inner.zip"]
