"""A comparison of routes: its runs as they go, without a click, and what the ended ones say."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.comparison.contender import Contender, contender_of
from core.comparison.route_comparison import (
    Entry,
    RouteComparison,
    forget_comparison,
    runs_of,
    start_again,
    stop_all,
)
from core.errors import WorkbenchError
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.page import RUNS
from pages.shared.run_state import state_badge
from pages.shared.text import plain
from pages.train.compare_repeats import curve_of, show_seeds
from pages.train.compare_results import show_results

POLL = 1.0  # seconds
MOST_LINES = 8
LINE = 48  # pixels
Member = tuple[Entry, Run | None]


def show_routes(workspace: Workspace, comparison: RouteComparison) -> None:
    """The runs while one is at work, then the results; both while some have ended and others not."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if st.button("All comparisons", type="tertiary", icon=":material/arrow_back:"):
            _leave()
        _actions(workspace, comparison)
    members = runs_of(workspace, comparison)
    ended = _ended(members)
    at_work = len(_statuses(members, active=True))
    if at_work or len(ended) < len(members):
        st.fragment(_progress, run_every=POLL if at_work else None)(
            workspace, comparison, (len(ended), at_work)
        )
    whole = [(entry, contender) for entry, contender in ended if entry.share == 1]
    first = [contender for entry, contender in whole if not entry.again]
    if first:
        show_results(workspace, first, curve_of(ended))
    if len(whole) > len(first):
        show_seeds([contender for _, contender in whole])


def _actions(workspace: Workspace, comparison: RouteComparison) -> None:
    members = runs_of(workspace, comparison)
    with st.container(horizontal=True, width="content"), errors_shown():
        if _statuses(members, active=True):
            if st.button("Stop all", icon=":material/stop:"):
                stop_all(workspace, comparison)
                st.rerun()
            return
        unfinished = [each for each in _statuses(members) if each.state is not RunState.FINISHED]
        if unfinished and st.button("Go on with the unfinished", icon=":material/replay:", type="primary"):
            start_again(workspace, comparison)
            st.rerun()
        if st.button("Take off the list", icon=":material/playlist_remove:", help="Its runs stay."):
            forget_comparison(workspace, comparison.id)
            _leave()


def _progress(workspace: Workspace, comparison: RouteComparison, were: tuple[int, int]) -> None:
    """One line a run, and how many are done; the whole page runs again when that changes."""
    members = runs_of(workspace, comparison)
    ended = len(_ended(members))
    if (ended, len(_statuses(members, active=True))) != were:
        st.rerun()
    st.progress(ended / len(members), text=f"**{ended} of {len(members)} runs done**")
    height = LINE * MOST_LINES if len(members) > MOST_LINES else "content"
    with st.container(border=True, gap="xsmall", height=height):
        for entry, run in members:
            with errors_shown():
                _line(entry, run, comparison.settings.seed)


def _line(entry: Entry, run: Run | None, first_seed: int) -> None:
    share = "" if entry.share == 1 else f", {entry.share:.0%} of the pictures"
    label = f"{_route(entry)}{share}" + (f", seed {first_seed + entry.again}" if entry.again else "")
    if run is None:
        st.caption(f"{label}: this run was deleted")
        return
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if st.button(label, key=f"see_{run.id}", type="tertiary", icon=":material/show_chart:"):
                st.switch_page(RUNS, query_params={"run": run.id})
            state_badge(status.state)
        st.caption(plain(_now(status)), width="content")


def _route(entry: Entry) -> str:
    return f"{entry.route[:1].upper()}{entry.route[1:]}"


def _now(status: Status) -> str:
    if status.state in (RunState.FAILED, RunState.LOST):
        return f"{status.message} {status.fix}"
    if status.state is RunState.FINISHED or not status.what:
        return ""
    if status.what == "training":
        return f"epoch {status.epoch} of {status.epochs}"
    amount = f" {status.done:,} of {status.total:,}" if status.total else ""
    return f"{status.what}{amount}"


def _ended(members: Sequence[Member]) -> list[tuple[Entry, Contender]]:
    """Those that can be compared by now, under the names of their routes."""
    ended = []
    for entry, run in members:
        try:
            if run is not None:
                ended.append((entry, replace(contender_of(run), name=_route(entry))))
        except (WorkbenchError, OSError, ValueError):  # still at work, or failed: its line says so
            continue
    return ended


def _statuses(members: Sequence[Member], *, active: bool = False) -> list[Status]:
    statuses = []
    for _, run in members:
        if run is not None:
            with suppress(WorkbenchError):  # its line says so
                statuses.append(run.status())
    return [status for status in statuses if status.state.is_active or not active]


def _leave() -> None:
    st.query_params.pop("comparison", None)
    st.query_params["compare"] = "routes"
    st.rerun()
