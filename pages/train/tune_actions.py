"""What can be done with a study: pause, stop, go on, add trials, train the best, delete."""

from contextlib import suppress

import streamlit as st

from core.errors import RunError
from core.records import to_json
from core.runs.launcher import launch, request_pause, request_stop
from core.runs.store import Run, RunState, create_run, delete_run
from core.tuning.best import best_config, best_of
from core.tuning.studies import add_trials, starting_weights
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trials, load_trials
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.page import RUNS

LONGER = 3  # times the epochs of a trial
PAUSE_HELP = "Its trials keep their state at the next batch; all of it goes on later, also after a restart."
STOP_HELP = "Ends the study with what it has found so far. The trial under way ends without a score."
BEST_WORDS = (
    "A new run with the settings of the best trial, for longer: trials are short. It learns from the same "
    "training pictures. The validation pictures go on choosing the best epoch, and the test pictures, which "
    "no trial has seen, say how good it is."
)


def show_actions(workspace: Workspace, study: Run, config: StudyConfig) -> None:
    status, trials = study.status(), Trials()
    with suppress(RunError):  # the page says it below
        trials = load_trials(study.folder)
    with st.container(horizontal=True, width="content"), errors_shown():
        if trials.scored:
            _train_the_best(workspace, study, config)
        if status.state.is_active:
            busy = status.state in (RunState.PAUSING, RunState.STOPPING)
            args = {"args": (study,), "disabled": busy}
            st.button("Pause", icon=":material/pause:", on_click=request_pause, help=PAUSE_HELP, **args)
            st.button("Stop", icon=":material/stop:", on_click=request_stop, help=STOP_HELP, **args)
            return
        if status.state in (RunState.PAUSED, RunState.LOST, RunState.FAILED) and st.button(
            "Go on", type="primary", icon=":material/play_arrow:"
        ):
            launch(study)
            st.rerun()
        if status.state in (RunState.FINISHED, RunState.STOPPED):
            _add_trials(study, len(trials.all))
        offer_deletion(study)


def offer_deletion(study: Run) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"delete_{study.id}"), errors_shown():
        st.markdown("Delete this study? The runs of its trials stay.")
        if st.button("Delete for good", type="primary", key=f"delete_for_good_{study.id}"):
            delete_run(study)
            leave()


def _add_trials(study: Run, done: int) -> None:
    with st.popover("Add more trials", icon=":material/add:", key=f"more_{done}"), errors_shown():
        more = st.number_input("Trials to add", 1, 1000, 10, key="more_trials")
        if st.button("Search on", type="primary"):
            add_trials(study, more, None)
            st.rerun()


def _train_the_best(workspace: Workspace, study: Run, config: StudyConfig) -> None:
    with st.popover("Train the best", icon=":material/rocket_launch:"), errors_shown():
        st.markdown(BEST_WORDS)
        usual = LONGER * config.base.training.epochs
        epochs = st.number_input("Epochs", 1, 10_000, usual, key=f"best_epochs_{study.id}")
        if st.button("Train it", type="primary"):
            trained = best_config(config, best_of(config, load_trials(study.folder).all), epochs)
            run = create_run(workspace.runs, to_json(trained), trained.name, files=starting_weights(study))
            launch(run)
            st.switch_page(RUNS, query_params={"run": run.id})


def leave() -> None:
    st.query_params.pop("study", None)
    st.rerun()
