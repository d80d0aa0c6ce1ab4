"""One run by features and logistic regression on the page of the runs: how it goes, and what came out."""

import streamlit as st

from core.data.dataset import list_datasets
from core.runs.overview import overview_of
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.job import show_progress
from pages.shared.run_actions import show_action, show_ending
from pages.shared.run_results import run_results
from pages.shared.run_state import situation, state_badge
from pages.train.features_map import show_map
from pages.train.features_results import show_how, show_numbers, show_search
from pages.train.run_comparison import show_settings

POLL = 1.0  # seconds
WORDS = {
    RunState.PAUSED: "the features so far are kept",
    RunState.STOPPED: "by you; the features so far are kept",
    RunState.FINISHED: "features + logistic regression",
}


def live_features(run: Run, workspace: Workspace) -> None:
    """How `run` goes; updates itself, and at the run's end the whole page."""
    with errors_shown():
        is_active = run.status().state.is_active
        st.fragment(_show_state, run_every=POLL if is_active else None)(run, workspace, is_active)
        status = run.status()
        if status.state is RunState.FINISHED:
            show_numbers(run, status)
        _show_sections(run, status, workspace)


def _show_state(run: Run, workspace: Workspace, was_active: bool) -> None:
    with errors_shown():
        status = run.status()
        if was_active and not status.state.is_active:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                state_badge(status.state)
                st.caption(WORDS.get(status.state) or situation(status, 0))
            show_action(run, status, 0)
        show_ending(run, status, workspace)
        if status.state.is_active or status.state is RunState.PAUSED:
            show_progress(run.name, status)


def _show_sections(run: Run, status: Status, workspace: Workspace) -> None:
    sections = {
        "How it runs": lambda: show_how(run),
        "Settings": lambda: _show_settings(run, workspace),
        "Log": lambda: st.code(run.log() or "The process has not said anything yet.", language=None),
    }
    if status.state is RunState.FINISHED:
        sections = {
            "Results": lambda: run_results(run, workspace),
            "Map": lambda: show_map(run, workspace),
            "Choice of C": lambda: show_search(run),
            **sections,
        }
    for tab, show in zip(
        st.tabs(list(sections), key=f"sections_{status.state}", on_change="rerun"),
        sections.values(),
        strict=True,
    ):
        if tab.open:
            with tab, errors_shown():
                show()


def _show_settings(run: Run, workspace: Workspace) -> None:
    overview = overview_of(run)
    names = {item.id: item.name for item in list_datasets(workspace)}
    show_settings([overview], [overview.name], names, only_differing=False)
