"""Which network is looked into: a run of the workspace, or a pretrained backbone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.insight.reference import BEST, Source, SubjectRef
from core.runs.overview import overview_of
from core.runs.store import Run, list_runs, open_run
from core.training.snapshots import snapshots_in
from core.workspace import Workspace
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
        f"run.{run.id}": overview
        for run in list_runs(workspace.runs)
        if (overview := overview_of(run)).has_model
    }
    words = {
        key: run.name + (f"  ·  {run.best_accuracy:.1%}" if run.best_accuracy is not None else "")
        for key, run in runs.items()
    }
    words |= {f"{Source.BACKBONE}.{name}": f"{title(name)}  ·  ImageNet" for name in backbones()}
    source, _, chosen = pick("Network", words, key="network").partition(".")
    if source == Source.RUN:
        run = open_run(workspace.runs, chosen)
        return Network(SubjectRef(Source.RUN, chosen, BEST), runs[f"run.{chosen}"].name, run)
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
    written = 0
    if network.run is not None:
        from core.insight.sources import weights_file

        file = weights_file(network.run, network.ref)
        written = file.stat().st_mtime_ns if file.exists() else 0
    return f"{network.ref.source}/{network.ref.id}/{network.ref.weights}/{written}"


@st.cache_resource(show_spinner="Loading torchvision…")
def backbones() -> tuple[str, ...]:
    from core.models.backbones import backbone_names

    names = backbone_names()
    return (*FIRST_BACKBONES, *(name for name in names if name not in FIRST_BACKBONES))
