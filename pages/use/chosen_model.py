"""The model that predicts, as the page knows it: its key, its name, and the run that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.models.source import Source, parse_key
from core.runs.store import Run, open_run
from core.serving.familiarity import FAMILIARITY_FILE, Familiarity, familiarity_of
from core.serving.model_sources import open_model, stamp_of
from core.workspace import Workspace
from pages.shared.held import held_models

if TYPE_CHECKING:
    from core.serving.predicts import Predicts


@dataclass(frozen=True)
class ChosenModel:
    """`stamp` tells its weights from those that it has later; `run` is None where it was not trained here."""

    workspace: Workspace
    key: str
    name: str
    stamp: str
    run: Run | None

    @property
    def familiarity(self) -> Familiarity | None:
        """What is kept of the pictures that it knows, if anything."""
        if self.run is None:
            return None
        file = self.run.folder / FAMILIARITY_FILE
        written = file.stat().st_mtime_ns if file.exists() else 0
        return _familiarity(str(self.run.folder), self.stamp, written)


def model_of(workspace: Workspace, key: str, name: str) -> ChosenModel:
    """The model of that key.

    Raises:
        WorkbenchError: there is none.
    """
    source, model_id = parse_key(key)
    run = open_run(workspace.runs, model_id) if source is Source.RUN else None
    return ChosenModel(workspace, key, name, stamp_of(workspace, key), run)


def predictor_of(model: ChosenModel) -> Predicts:
    """The model itself, as it stands on disk now; few are in memory at a time.

    Raises:
        ModelFileError: there is none, or its files are damaged.
    """
    key = f"predict/{model.workspace.root}/{model.key}/{model.stamp}"
    return held_models().take(key, lambda: open_model(model.workspace, model.key))


def can_look_inside(model: ChosenModel) -> bool:
    """Whether its layers can be seen: an ONNX file only answers."""
    return hasattr(predictor_of(model), "model")


@st.cache_resource(max_entries=8, show_spinner=False)
def _familiarity(folder: str, stamp: str, written: int) -> Familiarity | None:
    return familiarity_of(Run(Path(folder)), stamp)
