"""Below the curves of a run, one thing at a time: its results, what is behind the curves, files, log."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.data.dataset import list_datasets
from core.runs.overview import overview_of
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.live_run import Records
from pages.shared.run_results import PARTS, run_results
from pages.train.run_behind import show_behind
from pages.train.run_comparison import show_settings
from pages.train.run_facts import run_name, show_facts
from pages.train.run_kept import show_kept

PART = "part"  # the open tab, in the address
Section = Callable[[], None]


def show_sections(run: Run, status: Status, records: Records, workspace: Workspace) -> None:
    """Tabs, of which only the open one is made; the address says which it is."""
    sections: dict[str, Section] = {
        "Behind the curves": lambda: show_behind(run, status, records),
        "How it runs": lambda: show_facts(run, workspace),
        "What is kept": lambda: show_kept(run),
        "Settings": lambda: _show_settings(run, workspace),
        "Log": lambda: _show_log(run),
    }
    if _has_results(run, status):
        sections = {"Results": lambda: run_results(run, workspace), **sections}
    if st.session_state.get(PART) not in sections:
        failed = status.state in (RunState.FAILED, RunState.LOST)
        first = "Log" if failed and not records else next(iter(sections))
        asked = st.query_params.get(PART)
        st.session_state[PART] = asked if asked in sections else first
    for tab, show in zip(_tabs(list(sections)), sections.values(), strict=True):
        if tab.open:
            with tab, errors_shown():
                show()


def _tabs(names: list[str]) -> Sequence[Any]:
    """The tabs; the open one stands in the address, from where the page takes it when it leaves the run."""

    def tell() -> None:
        st.query_params[PART] = st.session_state[PART]

    return st.tabs(names, key=PART, on_change=tell)


def _has_results(run: Run, status: Status) -> bool:
    """Those of a run under way would be of other weights."""
    under_way = status.state.is_active or status.state is RunState.PAUSED
    return not under_way and any((run.folder / f"predictions-{part}.npz").exists() for part in PARTS)


def _show_settings(run: Run, workspace: Workspace) -> None:
    overview = overview_of(run)
    names_by_id = {item.id: item.name for item in list_datasets(workspace)}
    if source := run.config().get("starts_from"):
        names_by_id[source] = run_name(workspace, source)
    show_settings([overview], [overview.name], names_by_id, only_differing=False)


def _show_log(run: Run) -> None:
    st.code(run.log() or "The process has not said anything yet.", language=None, height=420, wrap_lines=True)
