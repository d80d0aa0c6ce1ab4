"""The imports that are at work or have just ended: progress, and how they ended."""

from dataclasses import replace

import streamlit as st

from core.data.dataset import Rejected
from core.runs.import_jobs import forget_import, import_jobs, tidy_imports
from core.runs.jobs import REJECTED_FILE
from core.runs.overview import overview_of
from core.runs.store import Run, RunState
from core.workspace import Workspace, read_json
from pages.data.report import show_rejected
from pages.shared.job import show_end, watch_job
from pages.shared.text import plain


def show_jobs(workspace: Workspace) -> str | None:
    """Progress and ends of imports; the id of the data set that this browser's import has just made."""
    tidy_imports(workspace)
    mine = st.session_state.get("import_job")
    made = None
    for run in import_jobs(workspace):
        if damage := overview_of(run).damage:
            _show_damaged(run, damage)
            continue
        status = run.status()
        if status.state.is_active:
            watch_job(run)
        elif status.state in (RunState.FAILED, RunState.LOST):
            _show_failure(run)
        elif run.id == mine:
            made = status.result.get("dataset_id")
            if made is None:
                st.toast("The import was cancelled; nothing was changed.")
            del st.session_state["import_job"]
    return made


def _show_damaged(run: Run, damage: str) -> None:
    st.markdown("**The record of an import is damaged.** If its data set is not in the list, bring it again.")
    st.caption(plain(damage))
    _dismissal(run)


def _show_failure(run: Run) -> None:
    status = run.status()
    st.markdown(f"**{plain(run.name)}** was not imported; nothing was changed.")
    if status.state is RunState.LOST:
        status = replace(status, message="The import's process has died.", fix="Bring the pictures again.")
    named = run.folder / REJECTED_FILE
    if named.exists():
        status = replace(status, message="No picture could be used. The table says why, file by file.")
    show_end(status)
    if named.exists():
        show_rejected(Rejected(**row) for row in read_json(named))
    _dismissal(run)


def _dismissal(run: Run) -> None:
    if st.button("Dismiss", key=f"dismiss_{run.id}"):
        forget_import(run)
        st.rerun()
