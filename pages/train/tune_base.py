"""The training that trials are varied from: a preset, what the train page holds, or an earlier run."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset
from core.data.preprocessing import Preprocessing
from core.data.splitting import check_trainable, current_split
from core.errors import WorkbenchError
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.runs.store import Run, runs_on
from core.training.config import CnnRunConfig
from core.training.run_config import RunConfig, run_config
from core.training.suggestion import suggest_color, suggest_side
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.pickers import pick

EPOCHS = 5  # of a trial
MOST_RUNS = 30
DRAFT = "What the page Train a CNN holds"
WITH_WEIGHTS = "Every trial begins with the weights that this training begins with, as far as they fit."


@dataclass(frozen=True)
class Base:
    """Settings, and the file of the weights that a training with them begins with; None: it draws its own."""

    config: RunConfig
    weights: Path | None = None


def choose_base(workspace: Workspace, dataset_id: str) -> Base:
    """The settings that trials begin from, on the data set's current split.

    Raises:
        ConfigError: the split has nothing to learn from, or to validate on.
    """
    dataset = dataset_of(workspace, dataset_id)
    split = current_split(dataset)
    check_trainable(split)
    words, makers = _starting_points(workspace, dataset, split.id)
    base = makers[pick("Training to start from", words, key="base")]()
    epochs = st.number_input(
        "Epochs of a trial",
        1,
        1000,
        EPOCHS,
        key="trial_epochs",
        persist_state="session",
        help="Few are enough to tell good settings from bad ones. The best can be trained for longer then.",
    )
    training = replace(base.config.training, epochs=epochs, patience=None)
    return replace(base, config=replace(base.config, training=training))


def _starting_points(
    workspace: Workspace, dataset: Dataset, split_id: str
) -> tuple[dict[str, str], dict[str, Callable[[], Base]]]:
    """The words of each starting point, and what makes its settings."""
    words = {DEFAULT_PRESET: PRESETS[DEFAULT_PRESET].name}
    words |= {key: preset.name for key, preset in PRESETS.items()}
    makers: dict[str, Callable[[], Base]] = {
        key: lambda key=key: Base(of_preset(dataset, split_id, key)) for key in PRESETS
    }
    drafted, files = st.session_state.get("drafted", (None, {}))
    if drafted is not None and drafted.dataset_id == dataset.id:
        words["draft"] = DRAFT
        makers["draft"] = lambda: _as_now(drafted, files.get("start.pt"), dataset, split_id)
    own = (run for run in runs_on(workspace.runs, dataset.id) if run.trial_of() is None)
    for run in itertools.islice(own, MOST_RUNS):
        with suppress(WorkbenchError):
            words[run.id] = f"Run: {run_config(run.config()).name}"
            makers[run.id] = lambda run=run: _of_run(run, dataset, split_id)
    return words, makers


def of_preset(dataset: Dataset, split_id: str, key: str) -> CnnRunConfig:
    """The network of a preset, on pictures of the size and colours that suit it and the data set."""
    preset = PRESETS[key]
    side = suggest_side(dataset, preset)
    pictures = Preprocessing.of((side, side), suggest_color(dataset))
    return CnnRunConfig(preset.name, dataset.id, split_id, dataset.classes, pictures, preset.config)


def _of_run(run: Run, dataset: Dataset, split_id: str) -> Base:
    config = run_config(run.config())
    begins_elsewhere = isinstance(config, CnnRunConfig) and config.starts_from is not None
    return _as_now(config, run.folder / "start.pt" if begins_elsewhere else None, dataset, split_id)


def _as_now(config: RunConfig, weights: Path | None, dataset: Dataset, split_id: str) -> Base:
    """On the classes and the split that the data set has now; without weights that are gone."""
    config = replace(config, classes=dataset.classes, split_id=split_id)
    if weights is not None and weights.exists():
        return Base(config, weights)
    return Base(replace(config, starts_from=None) if isinstance(config, CnnRunConfig) else config)
