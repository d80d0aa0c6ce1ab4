"""Which network is looked into: a run of the workspace, a model from elsewhere, or a pretrained backbone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.insight.reference import BEST, SubjectRef
from core.models.imported import Form, list_imported, open_imported
from core.models.source import Source, key_of, parse_key
from core.runs.overview import overview_of
from core.runs.store import Run, list_runs, open_run
from core.training.snapshots import snapshots_in
from core.workspace import Workspace, open_workspace
from pages.look.weights import have_weights
from pages.shared.held import held_models
from pages.shared.pickers import pick

if TYPE_CHECKING:
    from core.insight.subject import Subject

FIRST_BACKBONES = {"efficientnet_lite0": "EfficientNet-Lite0", "densenet121": "DenseNet-121"}


@dataclass(frozen=True)
class Network:
    """What is looked into; `run` where it is one of the user's own."""

    ref: SubjectRef
    name: str
    run: Run | None


def choose_network(workspace: Workspace) -> Network | None:
    """The user's choice; None while its weights are missing, which the page then shows how to mend."""
    runs = {
        key_of(Source.RUN, run.id): overview
        for run in list_runs(workspace.runs)
        if (overview := overview_of(run)).has_model
    }
    words = {
        key: run.name + (f"  ·  {run.best_accuracy:.1%}" if run.best_accuracy is not None else "")
        for key, run in runs.items()
    }
    imported = {
        key_of(Source.IMPORTED, model.id): model.name
        for model in list_imported(workspace)
        if model.origin.form is not Form.ONNX
    }
    words |= {key: f"{name}  ·  from elsewhere" for key, name in imported.items()}
    words |= {key_of(Source.BACKBONE, name): f"{title(name)}  ·  ImageNet" for name in backbones()}
    key = pick("Network", words, key="network")
    source, chosen = parse_key(key)
    if source is Source.RUN:
        run = open_run(workspace.runs, chosen)
        return Network(SubjectRef(source, chosen, BEST), runs[key].name, run)
    if source is Source.IMPORTED:
        return Network(SubjectRef(source, chosen, BEST), imported[key], None)
    weights = have_weights(workspace, chosen, title(chosen))
    if weights is None:
        return None
    return Network(SubjectRef(Source.BACKBONE, chosen, weights), title(chosen), None)


def title(backbone: str) -> str:
    return FIRST_BACKBONES.get(backbone, backbone)


def epochs_kept(network: Network) -> list[int]:
    """The epochs whose weights a run has kept; 0 are the initial ones."""
    return list(snapshots_in(network.run.folder)) if network.run else []


def subject_of(workspace: Workspace, network: Network) -> Subject:
    """The network itself; few are in memory at a time.

    Raises:
        WorkbenchError: its files are missing or damaged.
    """
    from core.insight.sources import open_subject

    return held_models().take(_held_key(network), lambda: open_subject(workspace, network.ref))


def _held_key(network: Network) -> str:
    """Tells the weights, as they stand on disk now."""
    written = "0"
    if network.run is not None:
        from core.insight.sources import weights_file

        file = weights_file(network.run, network.ref)
        written = str(file.stat().st_mtime_ns) if file.exists() else "0"
    if network.ref.source is Source.IMPORTED:
        written = open_imported(open_workspace(), network.ref.id).stamp
    return f"{network.ref.source}/{network.ref.id}/{network.ref.weights}/{written}"


@st.cache_resource(show_spinner="Loading torchvision…")
def backbones() -> tuple[str, ...]:
    from core.models.backbones import backbone_names

    names = backbone_names()
    return (*FIRST_BACKBONES, *(name for name in names if name not in FIRST_BACKBONES))
