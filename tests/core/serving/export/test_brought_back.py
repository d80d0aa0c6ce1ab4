"""What this app exports, it takes in again: the same answers, from the zip and from the ONNX file alone."""

import numpy as np
import pytest
import torch
from torch import nn

from core.comparison.timed_pictures import unseen_pictures
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.imported import Form
from core.models.saved_model import HeadConfig, SavedFineTuned
from core.serving.calibration import calibrated
from core.serving.export.report import export_folder
from core.serving.export.whole_network import WholeNetwork
from core.serving.importing.bring import import_model
from core.serving.importing.onnx_description import (
    OnnxDescription,
    OnnxInput,
    Output,
    load_onnx_description,
)
from core.serving.importing.onnx_model import entering
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
    assert form is Form.EXPORT or load_onnx_description(brought.folder).prepares
    assert brought.origin.told["run_id" if form is Form.EXPORT else "app"]


def test_a_middle_that_was_cut_out_is_not_cut_out_again() -> None:
    receives = BackbonePreprocessing(27, 20, (0.4,) * 3, (0.3,) * 3)
    saved = SavedFineTuned("efficientnet_lite0", HeadConfig(), receives, ("a", "b"), False)
    given = OnnxInput("picture", True, True, None, 3, None, None)
    description = OnnxDescription(
        given, "probabilities", Output.PROBABILITIES, saved.classes, receives, prepares=True
    )
    pixels = np.random.default_rng(0).integers(0, 256, (2, 20, 20, 3), np.uint8)
    entered = torch.from_numpy(entering(description, pixels))
    received = WholeNetwork(nn.Identity(), saved, 1.0).pixels(entered)
    assert np.array_equal(received.permute(0, 2, 3, 1).numpy(), pixels)
