"""The training that trials are varied from: a preset, the network of the train page, or an earlier run."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.data.dataset import Dataset
from core.data.preprocessing import Preprocessing
from core.data.splitting import check_trainable, current_split
from core.errors import WorkbenchError
from core.models.cnn_config import CnnConfig
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.runs.store import Run, runs_on
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.run_config import RunConfig, run_config
from core.training.suggestion import suggest_color, suggest_side
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.pickers import pick

EPOCHS = 5  # of a trial
MOST_RUNS = 30


def choose_base(workspace: Workspace, dataset_id: str) -> RunConfig:
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
    return replace(base, training=replace(base.training, epochs=epochs, patience=None))


def _starting_points(
    workspace: Workspace, dataset: Dataset, split_id: str
) -> tuple[dict[str, str], dict[str, Callable[[], RunConfig]]]:
    """The words of each starting point, and what makes its settings."""
    words = {DEFAULT_PRESET: PRESETS[DEFAULT_PRESET].name}
    words |= {key: preset.name for key, preset in PRESETS.items()}
    makers: dict[str, Callable[[], RunConfig]] = {
        key: lambda key=key: _of_preset(dataset, split_id, key) for key in PRESETS
    }
    if (draft := st.session_state.get("draft")) is not None:
        words["draft"] = "The network on the page Train a CNN"
        makers["draft"] = lambda: _of_network(dataset, split_id, draft.config())
    own = (run for run in runs_on(workspace.runs, dataset.id) if run.trial_of() is None)
    for run in itertools.islice(own, MOST_RUNS):
        with suppress(WorkbenchError):
            words[run.id] = f"Run: {run_config(run.config()).name}"
            makers[run.id] = lambda run=run: _of_run(run, split_id)
    return words, makers


def _of_preset(dataset: Dataset, split_id: str, key: str) -> CnnRunConfig:
    return _of_network(dataset, split_id, PRESETS[key].config, key)


def _of_network(
    dataset: Dataset, split_id: str, network: CnnConfig, preset: str = DEFAULT_PRESET
) -> CnnRunConfig:
    side = suggest_side(dataset, PRESETS[preset])
    pictures = Preprocessing.of((side, side), suggest_color(dataset))
    return CnnRunConfig(
        PRESETS[preset].name, dataset.id, split_id, dataset.classes, pictures, network, TrainingConfig()
    )


def _of_run(run: Run, split_id: str) -> RunConfig:
    """Its settings, without the weights that it may have begun with."""
    config = replace(run_config(run.config()), split_id=split_id, without=())
    return replace(config, starts_from=None) if isinstance(config, CnnRunConfig) else config
