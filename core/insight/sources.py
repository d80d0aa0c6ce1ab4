"""Where a network to look into comes from: a run at one of its epochs, an imported model, or a backbone."""

import contextlib
from pathlib import Path

from core.errors import RunError
from core.insight.reference import SubjectRef
from core.insight.subject import Subject
from core.models.backbones import load_backbone
from core.models.imported import open_imported
from core.models.saved_build import build_saved, empty_network
from core.models.saved_model import load_model_description
from core.models.source import Source
from core.models.traced import traced
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
    if ref.source is Source.IMPORTED:
        imported = open_imported(workspace, ref.id)
        key = f"model/{imported.id}/{imported.stamp}"
        return _kept_in(imported.folder, imported.weights, key, imported.name)
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
    run = open_run(workspace.runs, ref.id)
    return _kept_in(run.folder, weights_file(run, ref), f"run/{run.id}/{ref.weights}", _name_of(run))


def weights_file(run: Run, ref: SubjectRef) -> Path:
    """Where `run` keeps the weights of `ref`."""
    if ref.epoch is None:
        return CheckpointFolder(run.folder).best
    return snapshot_path(run.folder, ref.epoch)


def _kept_in(folder: Path, weights: Path, key: str, name: str) -> Subject:
    """The network that a folder describes, with the weights of a file in it."""
    saved = load_model_description(folder)
    state_dict = load_tensors(weights)
    return Subject(
        f"{key}/{weights.stat().st_mtime_ns}",
        name,
        build_saved(saved, state_dict, named=f"The weights of {weights.name}"),
        saved.preprocessing,
        saved.classes,
        saved.single_logit,
        traced(empty_network(saved), saved.preprocessing.shape),
    )


def _name_of(run: Run) -> str:
    """Its id where its settings can't be read: its weights may be whole all the same."""
    with contextlib.suppress(RunError):
        return run.name
    return run.id
