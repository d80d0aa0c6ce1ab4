"""What this app exports, it takes in again: the same answers, from the zip and from the ONNX file alone."""

import numpy as np
import pytest

from core.comparison.timed_pictures import unseen_pictures
from core.models.imported import Form
from core.serving.calibration import calibrated
from core.serving.export.report import export_folder
from core.serving.importing.bring import import_model
from core.serving.importing.request import ModelImport
from core.serving.model_sources import open_model
from core.serving.prediction import load_predictor
from core.workspace import Workspace
from tests.core.serving.export.conftest import Exported

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("form", [Form.EXPORT, Form.ONNX])
def test_it_says_what_the_run_says(workspace: Workspace, exported: Exported, form: Form) -> None:
    path = exported.folder / "model.onnx"
    if form is Form.EXPORT:
        path = export_folder(exported.run) / exported.report.file
    brought = import_model(workspace, ModelImport("Back again", path.name, str(path)))
    assert brought.origin.form is form
    run, model = load_predictor(exported.run), open_model(workspace, f"model.{brought.id}")
    assert (model.classes, model.shape) == (run.classes, run.shape)
    pictures = unseen_pictures(exported.workspace, exported.run, 12)[1]
    received = [model.read(path) for path in pictures]
    assert all((ours == run.read(path)).all() for ours, path in zip(received, pictures, strict=True))
    expected = calibrated(run.predict(received), run.temperature)
    assert np.abs(calibrated(model.predict(received), model.temperature) - expected).max() < 1e-5
    assert brought.origin.told["run_id" if form is Form.EXPORT else "app"]
