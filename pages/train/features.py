import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, check_trainable, current_split
from core.embeddings.config import FeaturesRunConfig
from core.errors import RunError
from core.models.backbone_choice import TRAINED
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, RunState, create_run, runs_on
from core.workspace import Workspace, open_workspace
from pages.look.codes import is_published
from pages.look.network import title
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.job import show_end, watch_job
from pages.shared.page import PREDICT, RUNS, button_to, open_page
from pages.shared.text import count
from pages.train.backbone_choice import choose_data_and_backbone
from pages.train.features_form import edit_features
from pages.train.features_map import show_map
from pages.train.features_results import show_how, show_numbers, show_search

HOW = (
    "In front of its last layer, the network has turned a picture into a list of numbers: its **features**. "
    "They are computed once and kept. A **logistic regression** on them learns in seconds, and with few "
    "pictures often as well as a network that is trained."
)


def start(workspace: Workspace, config: FeaturesRunConfig) -> None:
    with errors_shown():
        run = create_run(workspace.runs, to_json(config), config.name)
        launch(run)
        st.session_state["features_run"] = run.id
        st.rerun()


def last_run(workspace: Workspace, dataset: Dataset, backbone: str, weights: str) -> Run | None:
    """The run that this browser started last, else the newest, with this data set and backbone."""
    runs = {run.id: run for run in runs_on(workspace.runs, dataset.id) if is_of(run, backbone, weights)}
    return runs.get(st.session_state.get("features_run", "")) or next(iter(runs.values()), None)


def is_of(run: Run, backbone: str, weights: str) -> bool:
    try:
        config = run.config()
        run.status()
    except RunError:
        return False
    same = (config.get("backbone"), config.get("weights")) == (backbone, weights)
    return config.get("kind") == FeaturesRunConfig.kind and same


def show_run(workspace: Workspace, run: Run) -> None:
    """Its progress, why it ended, or what came out."""
    status = run.status()
    if status.state.is_active:
        watch_job(run)
    elif status.state is RunState.FINISHED:
        show_numbers(run, status)
        show_map(run, workspace)
    elif status.state in (RunState.FAILED, RunState.LOST):
        show_end(status)
        button_to(RUNS, "Open the run", key="open_run", run=run.id)
    else:
        st.info(
            "The last run was stopped. Its features so far are kept: start again, and it goes on from there.",
            icon=":material/stop_circle:",
        )


def show_below(run: Run | None, config: FeaturesRunConfig, dataset: Dataset, split: Split) -> None:
    finished = run is not None and run.status().state is RunState.FINISHED
    names = ["Choice of C", "How it ran", "Code"] if finished else ["Code"]
    tabs = dict(zip(names, st.tabs(names, key=f"below_{finished}"), strict=True))
    if finished:
        with tabs["Choice of C"]:
            show_search(run)
        with tabs["How it ran"]:
            show_how(run)
    with tabs["Code"]:
        show_code(run, config, dataset, split)


def show_code(run: Run | None, config: FeaturesRunConfig, dataset: Dataset, split: Split) -> None:
    from core.embeddings.script import features_script
    from core.training.config import Precision

    precision = (run.facts() if run else {}).get("precision", Precision.FLOAT32)
    with_core = config.weights == TRAINED and not is_published(config.backbone)
    st.caption(
        "These settings in torchvision and scikit-learn: the same features, classifier and accuracies."
    )
    script = features_script(config, dataset, split, precision=Precision(precision), with_core=with_core)
    st.code(script, height=520)


open_page(
    "Features",
    "A network that has seen a million photos describes your pictures in numbers; a simple classifier learns "
    "from those.",
)
workspace = open_workspace()
with errors_shown():
    chosen, backbone, weights = choose_data_and_backbone(workspace)
    dataset = dataset_of(workspace, chosen)
    split = current_split(dataset)
    settings, result = st.columns([1, 3], gap="large")
    with settings:
        button = st.container()
        config = edit_features(dataset, split, backbone, weights, title(backbone))
        check_trainable(split)
        run = last_run(workspace, dataset, backbone, weights)
        at_work = run is not None and run.status().state.is_active
        go = button.button(
            "Extract and fit", type="primary", icon=":material/play_arrow:", width="stretch", disabled=at_work
        )
        st.caption(
            f"{count(len(split.train), 'picture')} to learn from, {len(split.valid):,} to validate on, "
            f"{len(split.test):,} for the test."
        )
    with result:
        if run is None:
            st.markdown(HOW)
        else:
            show_run(workspace, run)
            if run.status().state is RunState.FINISHED:
                with st.container(horizontal=True):
                    button_to(RUNS, "Confusion matrix and mistakes", key="open_run", run=run.id)
                    button_to(PREDICT, "Predict with it", key="predict", run=run.id)
    show_below(run, config, dataset, split)
    if go:
        start(workspace, config)
