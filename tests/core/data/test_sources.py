import io
import os
import sys
from pathlib import Path

import pytest

from core.data.sources import FolderSource, UploadedFilesSource, stage_uploads, typed_path
from core.errors import Cancelled, ImportRefused
from tests.core.data.bringing import everything_below, png, write_tree

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def test_a_folder_lists_its_files_and_folders(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", {"cat/1.png": png(1), "dog/deep/2.png": png(2)})
    (root / "fish").mkdir()
    write_tree(root, {".git/objects/1.png": png(3)})
    listing = FolderSource(root).listing()
    assert {file.name for file in listing.files} == {"cat/1.png", "dog/deep/2.png"}
    assert set(listing.folders) == {"cat/", "dog/", "dog/deep/", "fish/", ".git/"}
    first = min(listing.files, key=lambda file: file.name)
    assert first.size == len(png(1))
    with first.open() as stream:
        assert stream.read() == png(1)


@needs_links
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = write_tree(tmp_path / "outside", {"secret.png": png(1)})
    root = write_tree(tmp_path / "root", {"cat/1.png": png(2)})
    (root / "cat" / "out.png").symlink_to(outside / "secret.png")
    (root / "cat" / "inside.png").symlink_to(root / "cat" / "1.png")
    (root / "cat" / "dangling.png").symlink_to(tmp_path / "nowhere")
    (root / "cat" / "loop.png").symlink_to(root / "cat" / "loop.png")
    (root / "dog").symlink_to(outside)
    listing = FolderSource(root).listing()
    assert {file.name for file in listing.files} == {"cat/1.png", "cat/inside.png"}
    assert {r.name for r in listing.rejected} == {"cat/out.png", "cat/dangling.png", "cat/loop.png", "dog"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    listing = FolderSource(tmp_path).listing()
    assert [(r.name, r.reason) for r in listing.rejected] == [("pipe.png", "It is not an ordinary file.")]


def test_paths_that_are_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="There is no folder"):
        FolderSource(tmp_path / "nowhere").listing()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ImportRefused, match="not a folder"):
        FolderSource(tmp_path / "file").listing()


def test_client_names_never_become_paths(tmp_path: Path) -> None:
    names = ["../../evil.png", "/etc/passwd", "cat/1.png", "x" * 5000, "bad\udcff.png"]
    staged = tmp_path / "outer" / "staged"
    stage_uploads(staged, [(name, io.BytesIO(png(i))) for i, name in enumerate(names)])
    assert everything_below(tmp_path / "outer") == {"staged", "staged/names.json"} | {
        f"staged/{i:07d}" for i in range(5)
    }
    files = UploadedFilesSource(staged).listing().files
    assert [file.name for file in files] == [*names[:4], "bad�.png"]
    with files[2].open() as stream:
        assert stream.read() == png(2)


def test_an_upload_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="gone or incomplete"):
        UploadedFilesSource(tmp_path).listing()


def test_a_typed_path(tmp_path: Path) -> None:
    assert typed_path(f"  {tmp_path}\n") == tmp_path
    assert typed_path("~/x") == Path.home() / "x"
    assert typed_path(str(tmp_path / "not yet" / "there")) == tmp_path / "not yet" / "there"


@needs_links
def test_a_typed_path_that_leads_in_circles(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ImportRefused, match="can't be reached"):
        typed_path(str(tmp_path / "loop" / "x"))


def test_listing_a_folder_can_be_stopped(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"cat/{index}.png": png(index) for index in range(50)})
    asked = 0

    def stop_soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 10

    with pytest.raises(Cancelled):
        FolderSource(tmp_path).listing(stop_soon)
    assert asked == 11
