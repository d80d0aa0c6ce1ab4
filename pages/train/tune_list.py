"""The studies of a data set, and the way to one of them."""

import streamlit as st

from core.errors import WorkbenchError
from core.runs.store import Run
from core.tuning.studies import config_of, list_studies
from core.tuning.trials import best_trial, load_trials
from core.workspace import Workspace
from pages.shared.run_state import state_badge
from pages.shared.text import count, plain, when
from pages.train.tune_actions import offer_deletion
from pages.train.tune_words import score_words

STUDY = "study"  # in the address


def open_in_address(study: Run) -> None:
    st.query_params[STUDY] = study.id
    st.rerun()


def show_studies(workspace: Workspace, dataset_id: str) -> None:
    """One line each; one that can't be read says so."""
    studies = [study for study in list_studies(workspace) if _is_on(study, dataset_id)]
    if not studies:
        return
    st.subheader("Studies on this data set", anchor=False)
    with st.container(border=True, gap="xsmall"):
        for study in studies:
            _line(study)


def _is_on(study: Run, dataset_id: str) -> bool:
    try:
        return config_of(study).base.dataset_id == dataset_id
    except WorkbenchError:
        return True


def _line(study: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        try:
            config, status, trials = config_of(study), study.status(), load_trials(study.folder)
        except WorkbenchError as damage:
            st.caption(plain(str(damage)), width="stretch")
            offer_deletion(study)
            return
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if st.button(plain(config.name), key=f"open_{study.id}", type="tertiary", icon=":material/tune:"):
                open_in_address(study)
            state_badge(status.state)
        best = best_trial(trials.all, config.objective.higher_is_better)
        words = [] if best is None else [f"best {score_words(config.objective, best.score)}"]
        st.caption(" · ".join([*words, count(trials.counted, "trial"), when(status.queued)]), width="content")
