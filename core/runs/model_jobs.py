"""Models from elsewhere come in as jobs: the file is laid down beside the job, and a process checks it. No
torch."""

import contextlib
import shutil
import time
from dataclasses import replace
from typing import BinaryIO

from core.data.incoming import check_room
from core.errors import ModelFileError, RunError
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run, delete_run, is_active, list_runs
from core.serving.importing.request import ModelImport
from core.workspace import Workspace, new_id

KEPT_FOR = 3600.0  # seconds that an ended job can still tell how it ended
UPLOAD = "upload"
_STAGING = ".upload-"
_BLOCK = 1 << 20


def start_model_import(workspace: Workspace, request: ModelImport, upload: BinaryIO) -> Run:
    """Take in a model file in a process of its own; the result is `{"model_id": ...}`.

    Raises:
        ModelFileError: the file can't be laid down, as on a full disk.
        RunError: the process can't be started.
    """
    parent = workspace.caches / "model-imports"
    parent.mkdir(parents=True, exist_ok=True)
    tidy_model_imports(workspace)
    staged = parent / f"{_STAGING}{new_id(request.name)}"
    try:
        check_room(parent, upload.seek(0, 2))
        upload.seek(0)
        with staged.open("wb") as file:
            shutil.copyfileobj(upload, file, _BLOCK)
        run = create_run(parent, to_json(request), request.name)
        staged.rename(run.folder / UPLOAD)
    except OSError as failure:
        raise ModelFileError(
            f"The file could not be stored: {failure.strerror or failure}.",
            fix="Free some space on the disk.",
        ) from failure
    finally:
        staged.unlink(missing_ok=True)
    run.write_config(to_json(replace(request, path=str(run.folder / UPLOAD))))
    launch(run)
    return run


def model_imports(workspace: Workspace) -> list[Run]:
    """All that are at work, or ended less than an hour ago; newest first."""
    return list_runs(workspace.caches / "model-imports")


def tidy_model_imports(workspace: Workspace) -> None:
    """Delete the files of ended jobs, after an hour the jobs themselves, and uploads that no job took."""
    now = time.time()
    for run in model_imports(workspace):
        with contextlib.suppress(RunError, OSError):
            if not is_active(run):
                (run.folder / UPLOAD).unlink(missing_ok=True)
                if now - run.folder.stat().st_mtime > KEPT_FOR:
                    delete_run(run)
    for staged in (workspace.caches / "model-imports").glob(f"{_STAGING}*"):
        with contextlib.suppress(OSError):
            if now - staged.stat().st_mtime > KEPT_FOR:
                staged.unlink()


def forget_model_import(run: Run) -> None:
    """Delete an ended job; the model that it made stays."""
    with contextlib.suppress(RunError, FileNotFoundError):
        delete_run(run)
