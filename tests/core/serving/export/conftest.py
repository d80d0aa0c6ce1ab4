import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.comparison.timed_pictures import unseen_pictures
from core.data.dataset import Dataset
from core.models.saved_model import Saved, load_model_description
from core.runs.store import Run, list_runs
from core.serving.export.exporting import export_run
from core.serving.export.report import ExportReport, export_folder, export_of
from core.workspace import Workspace, open_workspace, read_json, write_json
from tests.once import made_once
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


@dataclass(frozen=True)
class Exported:
    """A run in a workspace of its own, its export, and what that holds, unpacked."""

    workspace: Workspace
    run: Run
    report: ExportReport
    told: tuple[tuple[int, int, str], ...]
    folder: Path

    @property
    def saved(self) -> Saved:
        return load_model_description(self.run.folder)


@pytest.fixture(scope="session")
def exported(
    imported_digits: Dataset, trained_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    """Made once for all tests, which must not change it."""

    def make(root: Path) -> None:
        workspace = open_workspace(root / "home")
        shutil.copytree(imported_digits.folder, workspace.datasets / imported_digits.id)
        run = Run(Path(shutil.copytree(trained_folder, workspace.runs / trained_folder.name)))
        part, pictures = unseen_pictures(workspace, run, 12)
        told: list[tuple[int, int, str]] = []
        report = export_run(workspace, run, pictures, part, on_progress=lambda *words: told.append(words))
        with zipfile.ZipFile(export_folder(run) / report.file) as archive:
            archive.extractall(root / "unpacked")
        write_json(root / "told.json", told)

    root = made_once(tmp_path_factory, "exported", make)
    workspace = open_workspace(root / "home")
    (run,) = list_runs(workspace.runs)
    report = export_of(run)
    assert report is not None
    told = tuple(map(tuple, read_json(root / "told.json")))
    return Exported(workspace, run, report, told, root / "unpacked")
