"""One search: how far it is, without a click, and what it has found so far."""

from collections.abc import Sequence

import streamlit as st

from core.errors import WorkbenchError
from core.figures.cross_validation import fold_scores_figure
from core.runs.launcher import launch, request_pause, request_stop
from core.runs.store import Run, RunState, Status, delete_run, open_run
from core.tuning.skorch_config import CrossValidationConfig
from core.tuning.skorch_results import Candidate, candidates_of
from core.tuning.skorch_script import search_script
from core.tuning.skorch_searches import fits_of, search_config, searches_folder
from core.workspace import Workspace
from pages.shared.caches import dataset_of, split_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.job import show_end, show_progress
from pages.shared.run_state import state_badge
from pages.shared.text import count, plain
from pages.train.cross_validate_results import show_best, show_table

SEARCH = "search"  # in the address
POLL = 1.0  # seconds
CHART = {"displayModeBar": False}


def open_search(run: Run) -> None:
    st.query_params[SEARCH] = run.id
    st.rerun()


def show_search(workspace: Workspace, run_id: str) -> None:
    """The search of that id, which may come from the address."""
    try:
        run = open_run(searches_folder(workspace), run_id)
        config = search_config(run)
    except WorkbenchError as error:
        show_error(error)
        if st.button("All searches", type="primary"):
            _leave()
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if st.button("All searches", type="tertiary", icon=":material/arrow_back:"):
            _leave()
        st.markdown(f"**{plain(run.name)}**", width="content")
        with st.container(horizontal=True, width="content"), errors_shown():
            _show_actions(run)
    is_active = run.status().state.is_active
    st.fragment(_show, run_every=POLL if is_active else None)(workspace, run, config, is_active)
    with (
        errors_shown(),
        st.expander("The search as a script of skorch and scikit-learn", icon=":material/code:"),
    ):
        dataset = dataset_of(workspace, config.base.dataset_id)
        split = split_of(dataset, config.base.split_id)
        st.code(search_script(config, dataset, split), language="python", height=480)


def _show_actions(run: Run) -> None:
    status = run.status()
    if status.state.is_active:
        ending = status.state in (RunState.PAUSING, RunState.STOPPING)
        label = "Pausing" if status.state is RunState.PAUSING else "Pause"
        words = "The finished fits are kept; it goes on from there."
        st.button(
            label,
            key="pause",
            icon=":material/pause:",
            disabled=ending,
            help=words,
            on_click=request_pause,
            args=(run,),
        )
        label = "Stopping" if status.state is RunState.STOPPING else "Stop"
        st.button(
            label, key="stop", icon=":material/stop:", disabled=ending, on_click=request_stop, args=(run,)
        )
        return
    if status.state is not RunState.FINISHED and st.button(
        "Go on", icon=":material/play_arrow:", type="primary"
    ):
        launch(run)
        st.rerun()
    with st.popover("Delete", icon=":material/delete:"), errors_shown():
        st.markdown("Delete this search with its scores? It can't be brought back.")
        if st.button("Delete for good", type="primary"):
            delete_run(run)
            _leave()


def _show(workspace: Workspace, run: Run, config: CrossValidationConfig, was_active: bool) -> None:
    with errors_shown():
        status = run.status()
        if was_active and not status.state.is_active:
            st.rerun()
        candidates = candidates_of(fits_of(run))
        _show_state(run, status, candidates)
        if status.state is RunState.FINISHED and candidates:
            show_best(workspace, run, config, status, candidates)
        if candidates and all(each.mean is None for each in candidates):
            show_table(config, candidates)
        elif candidates:
            left, right = st.columns([3, 2], gap="large")
            with left:
                show_table(config, candidates)
            with right:
                st.plotly_chart(fold_scores_figure(candidates), key="fold_scores", config=CHART)


def _show_state(run: Run, status: Status, candidates: Sequence[Candidate]) -> None:
    if status.state.is_active:
        show_progress("Networks trained", status)
    elif status.state in (RunState.FAILED, RunState.LOST):
        show_end(status)
    elif status.state is not RunState.FINISHED:
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(status.state)
            kept = "; they are kept" if status.done else ""
            st.caption(f"after {status.done:,} of {count(status.total, 'network')}{kept}.")
    if status.state.is_active and not candidates:
        st.caption("The first score appears when the first network is trained. You may leave this page.")


def _leave() -> None:
    st.query_params.pop(SEARCH, None)
    st.rerun()
