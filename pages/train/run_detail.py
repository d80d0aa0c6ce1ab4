"""One run: how it goes, what came out, and all that can be done with it."""

import streamlit as st

from core.embeddings.config import FeaturesRunConfig
from core.errors import WorkbenchError
from core.runs.continuing import continue_run
from core.runs.overview import RunOverview, overview_of
from core.runs.store import Run, delete_run, open_run
from core.training.config import CnnRunConfig, Schedule
from core.training.run_config import learns_in_epochs
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.live_run import live_run
from pages.shared.page import EXPORT, PREDICT, TRAIN_CNN, TUNE, button_to, open_page
from pages.shared.text import plain
from pages.train.features_detail import live_features
from pages.train.run_sections import PART, show_sections
from pages.train.run_tracking import show_tracking
from pages.train.source_run import ask_for


def show_run(workspace: Workspace, run_id: str) -> None:
    """The run of that id, which may come from the address."""
    try:
        run = open_run(workspace.runs, run_id)
    except WorkbenchError as error:
        open_page("Runs", "One training run.")
        show_error(error)
        if st.button("All runs", type="primary"):
            leave()
        return
    overview = overview_of(run)
    open_page(plain(overview.name), "How this run goes, what it has learned, and where it is wrong.")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(horizontal=True, width="content"):
            if st.button("All runs", type="tertiary", icon=":material/arrow_back:"):
                leave()
            if trial := run.trial_of():
                words = f"Trial {trial.number} of its study"
                button_to(TUNE, words, key="to_study", icon=":material/target:", study=trial.study_id)
        show_actions(run, overview)
    if overview.damage:
        st.error(f"**This run is damaged.** {plain(overview.damage)}", icon=":material/broken_image:")
        return
    show_tracking(run)
    if overview.kind == FeaturesRunConfig.kind:
        live_features(run, workspace)
        return
    live_run(run, workspace, lambda run, status, records: show_sections(run, status, records, workspace))


def show_actions(run: Run, overview: RunOverview) -> None:
    """Buttons; a key that changes with what was done closes the pop-up that did it."""
    at_rest = overview.state is None or not overview.state.is_active
    with st.container(horizontal=True, width="content"):
        if overview.has_model and not overview.damage:
            button_to(PREDICT, "Predict with it", key="predict", icon=":material/image_search:", run=run.id)
            button_to(EXPORT, "Export", key="export", icon=":material/archive:", run=run.id)
        if overview.has_model and at_rest and not overview.damage and overview.kind == CnnRunConfig.kind:
            start_another(run)
        if at_rest and overview.epochs_done and learns_in_epochs({"kind": overview.kind}):
            with (
                st.popover("More epochs", icon=":material/add:", key=f"more_{overview.epochs}"),
                errors_shown(),
            ):
                more = st.number_input("Epochs to add", 1, 1000, 5, key="more_epochs")
                if overview.settings.get("schedule") == Schedule.COSINE:
                    st.caption("The cosine is stretched to the new end: the learning rate rises again.")
                if st.button("Continue training", type="primary"):
                    continue_run(run, more)
                    st.rerun()
        if not overview.damage:
            with st.popover("Rename", icon=":material/edit:", key=f"rename_{overview.name}"), errors_shown():
                name = st.text_input("Name", overview.name, max_chars=120, key=f"name_{run.id}")
                if st.button("Save the name", type="primary"):
                    run.rename(name)
                    st.rerun()
        if at_rest:
            with st.popover("Delete", icon=":material/delete:"), errors_shown():
                st.markdown("Delete this run with its curves and its model? It can't be brought back.")
                if st.button("Delete for good", type="primary"):
                    delete_run(run)
                    leave()


def start_another(run: Run) -> None:
    words = "The train page with these settings; the new run begins with the weights of the best epoch."
    if st.button("Start another from it", key="start_another", icon=":material/fork_right:", help=words):
        st.switch_page(TRAIN_CNN, query_params=ask_for(run))


def leave() -> None:
    """Back to the list."""
    for name in ("run", PART):
        st.query_params.pop(name, None)
    st.rerun()
