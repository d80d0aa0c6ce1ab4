"""Bare weights as a network that we can build: which one it is, its classes, and its tensors by our names."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from core.errors import ModelFileError
from core.models.backbones import classes_of, preprocessing_of
from core.models.given_head import given_head, under_our_names
from core.models.heads import find_head
from core.models.presets import PRESETS
from core.models.saved_build import empty_network
from core.models.saved_model import Saved, SavedFineTuned, SavedModel, load_model_description
from core.models.source import Source
from core.models.weights_file import check_file, fitted, in_todays_names, model_on_meta, most_bytes
from core.runs.store import open_run
from core.serving.importing.request import ModelImport, names_for
from core.serving.importing.tensor_file import read_state
from core.workspace import Workspace

PRESET = "preset"
_IMAGENET = 1000  # classes
_OUTPUT = "output.weight"  # of every CNN of ours
_FIX = "Choose the architecture that the weights were saved from."


def read_weights(workspace: Workspace, request: ModelImport) -> tuple[Saved, dict[str, Tensor]]:
    """The network that `request.like` names with as many classes as the file's weights have, and its weights.

    Raises:
        ModelFileError: the file can't be read, its tensors don't fit, or the classes are of another number.
        ConfigError: there is no such architecture.
        RunError: there is no such run.
    """
    kind, _, chosen = request.like.partition(".")
    path = Path(request.path)
    if kind == Source.BACKBONE:
        return _backbone(chosen, path, request.classes)
    return _cnn(_cnn_like(workspace, kind, chosen, request), path, request.classes)


def _backbone(name: str, path: Path, classes: tuple[str, ...]) -> tuple[Saved, dict[str, Tensor]]:
    model = model_on_meta(name)
    state = in_todays_names(name, _read(path, model))
    found = find_head(model)
    head = given_head(found, state)
    if head.outputs == _IMAGENET and not classes:
        classes = classes_of(name)
    named, single = names_for(head.outputs, classes)
    saved = SavedFineTuned(name, head.config, preprocessing_of(name), named, single)
    return saved, _fitted(name, saved, under_our_names(found, head, state))


def _cnn_like(workspace: Workspace, kind: str, chosen: str, request: ModelImport) -> SavedModel:
    """A CNN of that architecture, whose classes are still to be replaced."""
    if kind == Source.RUN:
        saved = load_model_description(open_run(workspace.runs, chosen).folder)
        if isinstance(saved, SavedModel):
            return saved
    if kind == PRESET and chosen in PRESETS and request.pictures is not None:
        return SavedModel(PRESETS[chosen].config, request.pictures, ("", ""), False)
    raise ModelFileError(
        "Weights alone don't say of which network they are.",
        expected="a backbone, a preset with its picture size, or a run of a CNN",
        found=request.like[:60] or "nothing",
        fix="Choose the architecture that the weights were saved from.",
    )


def _cnn(like: SavedModel, path: Path, classes: tuple[str, ...]) -> tuple[Saved, dict[str, Tensor]]:
    largest = replace(like, classes=("",) * _IMAGENET, single_logit=False)
    state = _read(path, empty_network(largest))
    last = state.get(_OUTPUT)
    if not isinstance(last, Tensor) or last.ndim != 2:
        raise ModelFileError(
            "These are not the weights of a CNN of this app: it can't be told how many classes they know.",
            expected=f"{_OUTPUT}, a matrix with a row for each class",
            found=", ".join(list(state)[-3:])[:160] or "no tensor",
            fix=_FIX,
        )
    named, single = names_for(len(last), classes)
    saved = replace(like, classes=named, single_logit=single)
    return saved, _fitted("this CNN", saved, state)


def _read(path: Path, model: nn.Module) -> dict[str, Tensor]:
    check_file(path, most_bytes(model))
    return read_state(path)


def _fitted(name: str, saved: Saved, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return fitted(name, empty_network(saved), state, fix=_FIX)
