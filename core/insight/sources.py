"""Where a network to look into comes from: a run at one of its epochs, or a pretrained backbone."""

from pathlib import Path

from torch import nn

from core.errors import ModelFileError
from core.insight.reference import Source, SubjectRef
from core.insight.subject import Subject
from core.layers.shapes import MapShape
from core.models.backbones import load_backbone
from core.models.cnn import build_cnn
from core.models.registry_trace import Trace
from core.models.saved_model import load_model_description
from core.models.walk import Walk
from core.runs.store import Run, open_run
from core.training.checkpoint import CheckpointFolder, load_tensors
from core.training.snapshots import snapshot_path
from core.workspace import Workspace


def open_subject(workspace: Workspace, ref: SubjectRef) -> Subject:
    """The network of `ref`, in eval mode on the CPU.

    Raises:
        ModelFileError: the weights are missing or damaged.
        RunError: there is no such run.
        ConfigError: there is no such backbone.
    """
    if ref.source is Source.BACKBONE:
        backbone = load_backbone(workspace, ref.id, seed=ref.seed)
        return Subject(
            backbone.key,
            backbone.name,
            backbone.model,
            backbone.receives,
            backbone.classes,
            False,
            backbone.walk,
        )
    return _of_run(open_run(workspace.runs, ref.id), ref)


def weights_file(run: Run, ref: SubjectRef) -> Path:
    """Where `run` keeps the weights of `ref`."""
    if ref.epoch is None:
        return CheckpointFolder(run.folder).best
    return snapshot_path(run.folder, ref.epoch)


def _of_run(run: Run, ref: SubjectRef) -> Subject:
    saved = load_model_description(run.folder)
    file = weights_file(run, ref)
    state_dict = load_tensors(file)
    shape = saved.preprocessing.shape
    model = build_cnn(saved.cnn, shape, saved.outputs)
    try:
        model.load_state_dict(state_dict)
    except (RuntimeError, TypeError, AttributeError) as mismatch:
        raise ModelFileError(
            f"The weights don't fit the network that stands beside them: {str(mismatch)[:400]}",
            fix=f"{file.name} and model.json come from two different runs. Train the run again.",
        ) from mismatch
    return Subject(
        f"run/{run.id}/{ref.weights}/{file.stat().st_mtime_ns}",
        run.name,
        model.eval(),
        saved.preprocessing,
        saved.classes,
        saved.single_logit,
        traced(build_cnn(saved.cnn, shape, saved.outputs), shape),
    )


def traced(model: nn.Module, input_shape: MapShape) -> Walk:
    """The walk of a copy of a network that can be given away: it goes to the meta device."""
    trace = Trace(model.to("meta").eval(), {})
    trace.run(input_shape)
    return Walk(input_shape, tuple(trace.rows))
