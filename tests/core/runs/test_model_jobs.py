"""A model file taken in by a process of its own."""

import io
import time

import pytest

from core.models.imported import list_imported
from core.runs.model_jobs import forget_model_import, model_imports, start_model_import, tidy_model_imports
from core.runs.store import Run, RunState
from core.serving.importing.request import ModelImport
from core.workspace import Workspace
from tests.core.serving.importing.files import export_zip

pytestmark = pytest.mark.slow


def ended(run: Run) -> Run:
    deadline = time.monotonic() + 120
    while run.status().state.is_active:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return run


def test_one_comes_in(workspace: Workspace) -> None:
    run = start_model_import(workspace, ModelImport("Good", "good.zip"), io.BytesIO(export_zip()))
    assert model_imports(workspace) == [run]
    assert (run.folder / "upload").is_file()
    assert ended(run).status().state is RunState.FINISHED
    (model,) = list_imported(workspace)
    assert run.status().result == {"model_id": model.id}
    assert (model.name, model.origin.file) == ("Good", "good.zip")
    tidy_model_imports(workspace)
    assert not (run.folder / "upload").exists()
    forget_model_import(run)
    assert model_imports(workspace) == []
    assert list_imported(workspace) == [model]
