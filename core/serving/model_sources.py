"""All that pictures can be predicted with: trained runs, models from elsewhere, and backbones that know
ImageNet. No torch before one is opened, or all backbones are listed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.models.imported import Form, ImportedModel, list_imported, open_imported
from core.models.source import Source, key_of, parse_key
from core.runs.overview import overview_of
from core.runs.store import list_runs, open_run
from core.serving.calibration import written_of
from core.serving.predicts import Predicts
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.serving.prediction import Predictor

LITE0_KEY = key_of(Source.BACKBONE, "efficientnet_lite0")  # pip brings its weights: it is always here


@dataclass(frozen=True)
class ModelSource:
    """A model to choose. `key` names it everywhere; `accuracy` is that of a run, in 0..1, on its validation
    pictures."""

    key: str
    name: str
    accuracy: float | None = None

    @property
    def source(self) -> Source:
        return parse_key(self.key)[0]


def own_models(workspace: Workspace) -> list[ModelSource]:
    """The runs that have a model, then the models from elsewhere; of each the newest first."""
    runs = [overview_of(run) for run in list_runs(workspace.runs)]
    return [
        *(
            ModelSource(key_of(Source.RUN, run.id), run.name, run.best_accuracy)
            for run in runs
            if run.has_model
        ),
        *(ModelSource(key_of(Source.IMPORTED, each.id), each.name) for each in list_imported(workspace)),
    ]


def backbones_here(workspace: Workspace) -> list[ModelSource]:
    """The backbones whose trained weights are here, EfficientNet-Lite0 first; loads torchvision."""
    from core.models.backbones import backbone_names
    from core.models.weights import Origin, find_weights

    return [
        ModelSource(key_of(Source.BACKBONE, name), name)
        for name in backbone_names()
        if find_weights(workspace, name).origin is not Origin.MISSING
    ]


def stamp_of(workspace: Workspace, key: str) -> str:
    """Tells a model and its calibration as they stand on disk now from what they are later.

    Raises:
        ConfigError: it is no key of a model.
        ModelFileError: there is no such imported model.
    """
    source, model_id = parse_key(key)
    if source is Source.IMPORTED:
        return open_imported(workspace, model_id).stamp
    if source is Source.RUN:
        return "-".join(map(str, written_of(open_run(workspace.runs, model_id))))
    from core.models.weights import find_weights

    found = find_weights(workspace, model_id)
    return f"{found.origin}-{found.path.stat().st_mtime_ns if found.path else 0}"


def open_model(workspace: Workspace, key: str) -> Predicts:
    """A model ready to predict on the CPU.

    Raises:
        ConfigError: it is no key of a model, or there is no such backbone.
        RunError: there is no such run.
        ModelFileError: its files are missing or damaged.
    """
    source, model_id = parse_key(key)
    if source is Source.RUN:
        from core.serving.prediction import load_predictor

        return load_predictor(open_run(workspace.runs, model_id))
    if source is Source.IMPORTED:
        return _open_imported(open_imported(workspace, model_id))
    return imagenet_predictor(workspace, model_id)


def imagenet_predictor(workspace: Workspace, name: str) -> "Predictor":
    """A backbone with its own head: the 1,000 classes of ImageNet.

    Raises:
        ConfigError: no backbone has this name.
        ModelFileError: its trained weights are not on this machine, or damaged.
    """
    from core.models.backbones import load_backbone
    from core.models.given_head import given_head, under_our_names
    from core.models.heads import find_head
    from core.models.saved_build import build_saved
    from core.models.saved_model import SavedFineTuned
    from core.serving.prediction import Predictor

    backbone = load_backbone(workspace, name)
    found, state = find_head(backbone.model), backbone.model.state_dict()
    head = given_head(found, state)
    saved = SavedFineTuned(name, head.config, backbone.receives, backbone.classes, False)
    return Predictor(build_saved(saved, under_our_names(found, head, state)), saved)


def _open_imported(model: ImportedModel) -> Predicts:
    if model.origin.form is Form.ONNX:
        from core.serving.importing.onnx_model import load_onnx_model

        return load_onnx_model(model.folder)
    from core.models.saved_build import build_saved
    from core.models.saved_model import load_model_description
    from core.serving.prediction import Predictor
    from core.training.checkpoint import load_tensors

    saved = load_model_description(model.folder)
    network = build_saved(saved, load_tensors(model.weights), named=f"The weights of {model.name}")
    return Predictor(network, saved, model.origin.temperature)
