"""A model file becomes a model of the workspace: checked, tried, and laid down whole or not at all."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.data.parallel import Progress, StopCheck, never
from core.errors import Cancelled, ModelFileError, WorkbenchError
from core.faults import is_disk_full
from core.models.imported import (
    MOST_NAME,
    ONNX_FILE,
    WEIGHTS_FILE,
    Form,
    ImportedModel,
    Origin,
    incoming_model,
    open_imported,
    placed,
    write_origin,
)
from core.models.saved_build import build_saved
from core.models.saved_model import Saved, save_model_description
from core.serving.importing.architecture import read_weights
from core.serving.importing.export_zip import read_export
from core.serving.importing.onnx_description import (
    OnnxDescription,
    default_preprocessing,
    save_onnx_description,
)
from core.serving.importing.onnx_trial import try_out
from core.serving.importing.request import ModelImport, form_of, names_for
from core.serving.prediction import Predictor
from core.training.checkpoint import save_tensors
from core.workspace import Workspace, put_in_place

_SCRATCH = ".weights"
_BLOCK = 1 << 20

Told = tuple[float, dict[str, Any]]  # temperature, and what the file says of its making


def import_model(
    workspace: Workspace,
    request: ModelImport,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> ImportedModel:
    """Take in the model file at `request.path`.

    Raises:
        ModelFileError: it is damaged, unsafe, of no kind that we know, or doesn't fit what was said of it.
        ConfigError, RunError: there is no such architecture.
        WorkbenchError: the disk is full.
        Cancelled: `should_stop` said so.
    """
    source = Path(request.path)

    def step(done: int, what: str) -> None:
        if should_stop():
            raise Cancelled
        on_progress(done, 4, what)

    step(0, "looking at the file")
    try:
        with source.open("rb") as file:
            form = form_of(file)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with incoming_model(workspace, request.name) as folder:
            step(1, "reading and checking it")
            temperature, told = _TAKERS[form](workspace, request, folder, step, should_stop)
            origin = Origin(
                request.name.strip()[:MOST_NAME] or "Model",
                form,
                request.file[:200],
                sha256,
                source.stat().st_size,
                time.time(),
                temperature,
                told,
            )
            write_origin(folder, origin)
        return open_imported(workspace, placed(folder).name)
    except OSError as failure:
        raise WorkbenchError(
            f"The model can't be stored: {failure.strerror or failure}.",
            fix="Free some space on the disk."
            if is_disk_full(failure)
            else "Check that the file is there, and that the workspace may be written to.",
        ) from failure


Step = Callable[[int, str], None]


def _take_export(
    workspace: Workspace, request: ModelImport, folder: Path, step: Step, should_stop: StopCheck
) -> Told:
    export = read_export(Path(request.path), folder / _SCRATCH)
    _keep(folder, export.saved, export.weights, step)
    return export.temperature, export.told


def _take_weights(
    workspace: Workspace, request: ModelImport, folder: Path, step: Step, should_stop: StopCheck
) -> Told:
    saved, weights = read_weights(workspace, request)
    _keep(folder, saved, weights, step)
    return 1.0, {}


def _take_onnx(
    workspace: Workspace, request: ModelImport, folder: Path, step: Step, should_stop: StopCheck
) -> Told:
    # A copy of its own: what is tried is what is kept, whatever happens to the file meanwhile.
    with Path(request.path).open("rb") as source, (folder / _SCRATCH).open("wb") as copy:
        while block := source.read(_BLOCK):
            copy.write(block)
    step(2, "trying it in a process of its own")
    trial = try_out(folder / _SCRATCH, should_stop=should_stop)
    classes, _ = names_for(trial.outputs, request.classes or trial.classes)
    preprocessing = trial.preprocessing or default_preprocessing(trial.input)
    prepares = trial.preprocessing is not None and trial.input.takes_pictures
    description = OnnxDescription(
        trial.input, trial.output_name, trial.output, classes, preprocessing, prepares=prepares
    )
    step(3, "storing it")
    put_in_place(folder / _SCRATCH, folder / ONNX_FILE)
    save_onnx_description(folder, description)
    return 1.0, trial.told


_TAKERS: dict[Form, Callable[[Workspace, ModelImport, Path, Step, StopCheck], Told]] = {
    Form.EXPORT: _take_export,
    Form.WEIGHTS: _take_weights,
    Form.ONNX: _take_onnx,
}


def _keep(folder: Path, saved: Saved, weights: dict[str, Any], step: Step) -> None:
    """Lay down a network of ours, once it has answered for a picture."""
    step(2, "trying it on a picture")
    predictor = Predictor(build_saved(saved, weights), saved)
    channels, height, width = predictor.shape
    answer = predictor.predict([np.full((height, width, channels), 128, np.uint8)])
    if not np.isfinite(answer).all():
        raise ModelFileError(
            "The network's answers are no numbers.",
            expected="finite numbers",
            found="infinite ones, or NaN",
            fix="Give the weights of an earlier epoch: the training may have diverged.",
        )
    step(3, "storing it")
    save_tensors(weights, folder / WEIGHTS_FILE)
    save_model_description(folder, saved)
