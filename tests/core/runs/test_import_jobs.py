"""Imports in a process of their own, from what a browser sends."""

import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.data.dataset import load_dataset
from core.data.importing import ImportConfig, SourceKind
from core.errors import ImportRefused
from core.runs import import_jobs as jobs
from core.runs.store import Run, RunState, Status, create_run
from core.workspace import Workspace

pytestmark = pytest.mark.slow


def png(level: int) -> bytes:
    data = io.BytesIO()
    Image.new("L", (12, 10), level).save(data, "PNG")
    return data.getvalue()


def ended(run: Run) -> Status:
    deadline = time.monotonic() + 60
    while (status := run.status()).state.is_active and time.monotonic() < deadline:
        time.sleep(0.1)
    return status


def uploads() -> list[jobs.Upload]:
    return [(f"set/{label}/{n}.png", io.BytesIO(png(20 * n + 5))) for label in "ab" for n in range(3)]


def test_folder_upload_becomes_a_data_set(workspace: Workspace) -> None:
    config = ImportConfig("Set", SourceKind.UPLOADS, came_as="set")
    run = jobs.start_upload_import(
        workspace, config, [*uploads(), ("set/../../evil.png", io.BytesIO(png(1)))]
    )
    status = ended(run)
    assert status.state is RunState.FINISHED, status
    dataset = load_dataset(workspace, status.result["dataset_id"])
    assert dataset.classes == ("a", "b")
    assert [rejected.name for rejected in dataset.rejected] == ["set/../../evil.png"]
    assert not list(workspace.root.parent.rglob("evil.png"))
    jobs.tidy_imports(workspace)
    assert not (run.folder / jobs.UPLOAD).exists()
    assert jobs.import_jobs(workspace) == [run]


def test_zip_upload_becomes_a_data_set(workspace: Workspace) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, stream in uploads():
            archive.writestr(name, stream.read())
    packed.seek(0)
    config = ImportConfig("Packed", SourceKind.ZIP, came_as="packed.zip")
    status = ended(jobs.start_upload_import(workspace, config, [("packed.zip", packed)]))
    assert status.state is RunState.FINISHED, status
    dataset = load_dataset(workspace, status.result["dataset_id"])
    assert len(dataset.pictures) == 6
    assert "packed.zip" in dataset.source


def test_full_disk_leaves_nothing_behind(workspace: Workspace) -> None:
    class FullDisk(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError(28, "No space left on device")

    for kind in (SourceKind.ZIP, SourceKind.UPLOADS):
        with pytest.raises(ImportRefused, match="No space left"):
            jobs.start_upload_import(workspace, ImportConfig("Full", kind), [("a/b.png", FullDisk())])
    assert list(workspace.imports.iterdir()) == []


def test_ended_jobs_go_after_an_hour_and_dead_uploads_after_a_day(workspace: Workspace) -> None:
    old, fresh = (
        create_run(workspace.imports, {"kind": "import", "name": name}, name) for name in ("old", "new")
    )
    for run in (old, fresh):
        run.write_status(Status(RunState.FAILED))
    staged = workspace.imports / ".upload-dead"
    staged.mkdir()
    for path, age in ((old.folder, 2 * jobs.KEPT_FOR), (staged, 2 * jobs.STAGING_FOR)):
        os.utime(path, (time.time() - age,) * 2)
    jobs.tidy_imports(workspace)
    assert jobs.import_jobs(workspace) == [fresh]
    assert not staged.exists()


def test_path_is_read_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    assert jobs.source_kind_of(tmp_path / "a.zip") is SourceKind.ZIP
    assert jobs.source_kind_of(tmp_path) is SourceKind.FOLDER
