"""A job at work, live, without a click."""

import streamlit as st

from core.runs.launcher import request_stop
from core.runs.store import Run, RunState, Status
from pages.shared.errors import errors_shown
from pages.shared.text import duration, plain

POLL = 0.5  # seconds


@st.fragment(run_every=POLL)
def watch_job(run: Run) -> None:
    """Progress of `run` with a button to cancel it; when it ends, the whole page runs again."""
    with errors_shown():
        if not run.folder.exists():
            st.rerun()
        status = run.status()
        if not status.state.is_active:
            st.rerun()
        show_progress(run.name, status)
        stopping = status.state is RunState.STOPPING
        if st.button("Cancelling" if stopping else "Cancel", key=f"cancel_{run.id}", disabled=stopping):
            request_stop(run)
            st.rerun(scope="fragment")


def show_progress(name: str, status: Status) -> None:
    """A bar with what is being done, how much of it, and the time that is left."""
    words = [f"**{plain(name)}**", plain(status.what or status.state.value)]
    if status.total:
        words.append(f"{status.done:,} of {status.total:,}")
    if status.seconds_left is not None:
        words.append(f"{duration(status.seconds_left)} left")
    st.progress(min(1.0, status.done / status.total) if status.total else 0.0, text=" · ".join(words))


def show_end(status: Status) -> None:
    """Why a job that failed or was lost did so, and what to do."""
    words = (status.message or "The job ended without a word.", status.fix)
    st.error("  \n".join(plain(part) for part in words if part), icon=":material/error:")
