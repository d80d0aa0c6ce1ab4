import streamlit as st

from core.data.dataset import list_datasets
from core.runs.export_jobs import MOST_PICTURES, PICTURES, last_export, start_export
from core.runs.overview import RunOverview, overview_of
from core.runs.store import Run, list_runs, open_run
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.job import watch_job
from pages.shared.page import DATASETS, TRAIN_CNN, empty_state, open_page
from pages.shared.pickers import pick
from pages.use.export_contents import show_contents, show_headless
from pages.use.export_result import show_export, show_failure


def words_of(run: RunOverview) -> str:
    accuracy = "" if run.best_accuracy is None else f"  ·  {run.best_accuracy:.1%} validation accuracy"
    return run.name + accuracy


def start(run: Run, learns: bool, job: Run | None) -> None:
    """The settings of an export, and the button for it."""
    at_work = job is not None and job.status().state.is_active
    pictures = st.number_input(
        "Pictures to check it on",
        1,
        MOST_PICTURES,
        PICTURES,
        key="pictures_to_check",
        help="So many test pictures go through the app and through each exported form; where the data set "
        "has fewer, all of them.",
    )
    if learns:
        st.caption("This run is still learning, and its model changes: export it once it has ended.")
    if st.button(
        "Export", type="primary", icon=":material/archive:", disabled=learns or at_work, width="stretch"
    ):
        start_export(run, int(pictures))
        st.rerun()


open_page("Export", "Take a trained network with you: one zip that says elsewhere exactly what it says here.")
workspace = open_workspace()
trained = {run.id: over for run in list_runs(workspace.runs) if (over := overview_of(run)).has_model}
if not trained:
    if list_datasets(workspace):
        empty_state("There is no trained network yet.", TRAIN_CNN, "Design a network", key="go")
    else:
        empty_state(
            "There is no trained network yet. Training starts with pictures.",
            DATASETS,
            "Bring pictures",
            key="go",
        )
    st.stop()

choice, result = st.columns([2, 3], gap="large")
with errors_shown():
    with choice:
        chosen = pick("Run", {run_id: words_of(run) for run_id, run in trained.items()}, key="run")
        run = open_run(workspace.runs, chosen)
        job = last_export(run)
        state = trained[chosen].state
        with errors_shown():
            start(run, state is not None and state.is_active, job)
    with result, errors_shown():
        if job is not None and job.status().state.is_active:
            watch_job(job)
        else:
            show_failure(run, job)
            show_export(run)
    show_contents()
    show_headless(run)
