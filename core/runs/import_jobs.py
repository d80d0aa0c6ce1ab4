"""Imports as jobs: the upload is laid down beside the job, a process reads it, and nothing of it stays."""

import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from core.data.importing import ImportConfig, SourceKind
from core.data.incoming import remove_leftovers
from core.data.sources import stage_uploads
from core.errors import ImportRefused, RunError
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run, delete_run, is_active, list_runs
from core.workspace import Workspace, new_id

UPLOAD = "upload"
KEPT_FOR = 3600.0  # seconds that an ended job can still tell how it ended
STAGING_FOR = 24 * 3600.0  # seconds after which an upload that no job took is dead
_BLOCK = 1 << 20
_STAGING = ".upload-"

Upload = tuple[str, BinaryIO]  # the client's name, and the stream


def source_kind_of(path: Path) -> SourceKind:
    """What a path on this machine is read as: a file is a zip, anything else a folder."""
    return SourceKind.ZIP if path.expanduser().is_file() else SourceKind.FOLDER


def start_import(workspace: Workspace, config: ImportConfig) -> Run:
    """Import in a process of its own; its result is `{"dataset_id": ...}`."""
    run = create_run(workspace.imports, to_json(config), config.name)
    launch(run)
    return run


def start_upload_import(workspace: Workspace, config: ImportConfig, uploads: Sequence[Upload]) -> Run:
    """Import what a browser sent: one zip, or the files of a folder.

    Raises:
        ImportRefused: the upload can't be laid down, as on a full disk.
    """
    staged = workspace.imports / f"{_STAGING}{new_id(config.name)}"
    try:
        if config.source_kind is SourceKind.ZIP:
            _save_zip(staged, uploads[0][1])
        else:
            stage_uploads(staged, uploads)
        run = create_run(workspace.imports, to_json(config), config.name)
        uploaded = staged.rename(run.folder / UPLOAD)
    except OSError as failure:
        shutil.rmtree(staged, ignore_errors=True)
        raise ImportRefused(
            f"The upload could not be stored: {failure.strerror or failure}.",
            fix="Free some space on the disk, or give the path of the data on this machine.",
        ) from failure
    path = uploaded / "upload.zip" if config.source_kind is SourceKind.ZIP else uploaded
    run.write_config(to_json(replace(config, path=str(path))))
    launch(run)
    return run


def import_jobs(workspace: Workspace) -> list[Run]:
    """All imports that are at work, or ended less than an hour ago; newest first."""
    return list_runs(workspace.imports)


def tidy_imports(workspace: Workspace) -> None:
    """Delete what dead imports left, the uploads of ended ones, and the jobs themselves after an hour."""
    remove_leftovers(workspace)
    now = time.time()
    for run in list_runs(workspace.imports):
        if not is_active(run):
            shutil.rmtree(run.folder / UPLOAD, ignore_errors=True)
            if now - _last_change(run.folder) > KEPT_FOR:
                forget_import(run)
    for staged in workspace.imports.glob(f"{_STAGING}*"):
        if now - _last_change(staged) > STAGING_FOR:
            shutil.rmtree(staged, ignore_errors=True)


def forget_import(run: Run) -> None:
    """Delete an ended job; the data set that it made stays."""
    with contextlib.suppress(RunError, FileNotFoundError):
        delete_run(run)


def _save_zip(folder: Path, stream: BinaryIO) -> None:
    folder.mkdir(parents=True)
    with (folder / "upload.zip").open("wb") as file:
        shutil.copyfileobj(stream, file, _BLOCK)


def _last_change(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
