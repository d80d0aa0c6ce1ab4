"""Trained weights of a backbone that may not be on this machine: get them, give them, or do without."""

import streamlit as st

from core.errors import WorkbenchError
from core.models.backbone_choice import TRAINED, untrained
from core.runs.store import RunState
from core.runs.weight_jobs import last_fetch, start_fetch
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.job import show_end, watch_job
from pages.shared.text import plain, size

MOST_MEGABYTES = 2000


def have_weights(workspace: Workspace, name: str, title: str, *, or_untrained: bool = True) -> str | None:
    """ "trained" or "random-0", as `SubjectRef.weights`; None while there are none."""
    from core.models.weights import Origin, find_weights

    found = find_weights(workspace, name)
    if found.origin is not Origin.MISSING:
        return TRAINED
    if or_untrained and st.session_state.get(f"untrained-{name}"):
        st.caption(f"{plain(title)} with untrained weights, drawn at random.")
        st.button("Get the trained ones", key="trained", on_click=_wish, args=(name, False))
        return untrained(0)
    with st.container(border=True):
        st.markdown(
            f"The trained weights of **{plain(title)}** are not on this machine ({size(found.size)})."
        )
        job = last_fetch(workspace, name)
        if job is not None and job.status().state.is_active:
            watch_job(job)
            return None
        if job is not None and job.status().state is RunState.FAILED:
            show_end(job.status())
        with st.container(horizontal=True):
            if st.button("Download", type="primary", icon=":material/download:", key="fetch"):
                _fetch(workspace, name)
            if or_untrained:
                st.button("Look at untrained weights", key="untrained", on_click=_wish, args=(name, True))
        _take_file(workspace, name)
    return None


def _wish(name: str, wished: bool) -> None:
    st.session_state[f"untrained-{name}"] = wished


def _fetch(workspace: Workspace, name: str) -> None:
    with errors_shown():
        start_fetch(workspace, name)
        st.rerun()


def _take_file(workspace: Workspace, name: str) -> None:
    from core.models.weights_file import keep_weights_file

    upload = st.file_uploader(
        "Or give the file: safetensors, or a state dict that torch saved",
        max_upload_size=MOST_MEGABYTES,
        key=f"weights-{name}",
    )
    if upload is None:
        return
    try:
        with st.spinner("Checking the weights"):
            keep_weights_file(workspace, name, upload)
    except WorkbenchError as error:
        show_error(error)
        return
    st.rerun()
