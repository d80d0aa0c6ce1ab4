"""What is searched, how, and what it will cost; and the searches that were made before."""

from dataclasses import replace

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, current_split
from core.errors import ConfigError
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.records import from_json
from core.runs.store import open_run, runs_on
from core.training.config import CnnRunConfig, TrainingConfig
from core.tuning.skorch_config import CrossValidationConfig, Search
from core.tuning.skorch_script import search_script
from core.tuning.skorch_searches import searches_on, start_search
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.page import DATASETS, empty_state
from pages.shared.pickers import pick, pick_dataset
from pages.shared.run_state import state_badge
from pages.shared.text import plain, when
from pages.train.cross_validate_parameters import choose_parameters
from pages.train.cross_validate_plan import is_possible, show_plan
from pages.train.cross_validate_search import open_search
from pages.train.tune_base import EPOCHS, of_preset

SEARCHES = {Search.GRID: "Grid", Search.RANDOM: "Random", Search.HALVING: "Halving"}
HELP = (
    "**Grid** tries every combination. **Random** draws some of them: where several settings vary, it finds "
    "good values of those that matter sooner. **Halving** begins with many candidates and few epochs, and "
    "lets the best third go on with three times the epochs."
)
FROM_RUN = "run-"


def ask_for_search(workspace: Workspace) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_dataset(workspace)
        if chosen is None:
            empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
            return
        dataset = dataset_of(workspace, chosen)
        split = current_split(dataset)
        base = _choose_base(workspace, dataset, split)
    form, plan = st.columns([3, 2], gap="large")
    with form:
        config = _edit(base)
    with plan:
        ready = config is not None and is_possible(config, dataset, split)
        if config is not None and ready:
            show_plan(config, split)
        go = st.button(
            "Start the search",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=not ready,
        )
    if config is not None and ready:
        with st.expander("The search as a script of skorch and scikit-learn", icon=":material/code:"):
            st.caption("It runs without the app and gives the same folds, networks and scores.")
            st.code(search_script(config, dataset, split), language="python", height=480)
        if go:
            open_search(start_search(workspace, config))
    _show_earlier(workspace, dataset)


def _choose_base(workspace: Workspace, dataset: Dataset, split: Split) -> CnnRunConfig:
    """The settings around which is searched: a preset's, or those of a run on this data set."""
    words = {key: preset.name for key, preset in PRESETS.items()}
    for run in runs_on(workspace.runs, dataset.id):
        if run.config().get("kind") == CnnRunConfig.kind and run.trial_of() is None:
            words[f"{FROM_RUN}{run.id}"] = f"Settings of {run.name}"
    words = {DEFAULT_PRESET: words[DEFAULT_PRESET], **words}
    chosen = pick("Start from", words, key="search_base")
    if chosen.startswith(FROM_RUN):
        config = from_json(CnnRunConfig, open_run(workspace.runs, chosen.removeprefix(FROM_RUN)).config())
        return replace(config, split_id=split.id, classes=dataset.classes, starts_from=None)
    name = f"{PRESETS[chosen].name} on {dataset.name}"
    return replace(of_preset(dataset, split.id, chosen), name=name, training=TrainingConfig(epochs=EPOCHS))


def _edit(base: CnnRunConfig) -> CrossValidationConfig | None:
    """Show the controls; the search that they say, or None where it is none yet."""
    search = st.segmented_control(
        "Search",
        list(SEARCHES),
        default=Search.GRID,
        format_func=SEARCHES.__getitem__,
        required=True,
        key="search_kind",
        persist_state="session",
        help=HELP,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        folds = st.number_input("Folds", 2, 20, 3, key="search_folds", persist_state="session", width=110)
        epochs = st.number_input(
            "Epochs" if search is not Search.HALVING else "Most epochs",
            1,
            10_000,
            base.training.epochs,
            key=f"search_epochs_{base.name}",
            width=130,
        )
        candidates = 10
        if search is not Search.GRID:
            candidates = st.number_input(
                "Candidates", 1, 1000, 9, key="search_candidates", persist_state="session", width=130
            )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="search_seed",
            persist_state="session",
            width=130,
            help="Of the folds, and of what is drawn.",
        )
    base = replace(base, training=replace(base.training, epochs=int(epochs)))
    parameters = choose_parameters(base, search)
    if not parameters:
        st.info("Choose at least one setting to vary.", icon=":material/tune:")
        return None
    try:
        return CrossValidationConfig(
            base.name, base, parameters, search, int(folds), int(candidates), int(seed)
        )
    except ConfigError as refusal:
        show_error(refusal)
        return None


def _show_earlier(workspace: Workspace, dataset: Dataset) -> None:
    earlier = searches_on(workspace, dataset.id)
    if not earlier:
        return
    st.subheader("Searches on this data set", anchor=False)
    with st.container(border=True, gap="xsmall"):
        for run, config in earlier:
            with errors_shown(), st.container(horizontal=True, vertical_alignment="center"):
                status = run.status()
                label = f"{plain(run.name)} · {SEARCHES[config.search]}"
                if st.button(label, key=f"open_{run.id}", type="tertiary", icon=":material/grid_view:"):
                    open_search(run)
                state_badge(status.state)
                st.caption(when(status.queued), width="content")
