"""Whether a run has been logged to MLflow, and what still waits. MLflow itself is never loaded by a page."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.errors import ConfigError, WorkbenchError
from core.runs.store import Run, is_active
from core.tracking.contents import waiting
from core.tracking.cursor import Cursor, load_cursor
from core.tracking.settings import tracking_uri, usable_uri, web_address, without_secrets
from core.tracking.start import start_sender
from core.workspace import Workspace, workspace_around
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, plain, when

POLL = 3.0  # seconds, while records are on their way


def show_tracking(run: Run) -> None:
    """One line on a run that is logged to MLflow; nothing where it is not."""
    cursor = load_cursor(run)
    if cursor is None:
        return
    left = waiting(run, cursor)
    on_its_way = is_active(run) or (left and not cursor.problem)
    st.fragment(_show_line, run_every=POLL if on_its_way else None)(run)


def show_tracking_of_all(workspace: Workspace, runs: Sequence[Run]) -> None:
    """What keeps runs from being logged, or how many records wait for a server that was down."""
    try:
        if usable_uri() is None:
            return
    except ConfigError as refusal:
        show_error(refusal)
        return
    behind = [left for run in runs if not is_active(run) and (left := _left(run))]
    if behind:
        with st.container(horizontal=True, vertical_alignment="center"):
            records, of = count(sum(behind), "record"), count(len(behind), "run")
            st.caption(f":material/cloud_off: MLflow waits for {records} of {of}.")
            _send_button(workspace, "all")


def _show_line(run: Run) -> None:
    with errors_shown():
        cursor = load_cursor(run)
        if cursor is None:
            return
        left, is_at_work = waiting(run, cursor), is_active(run)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="tracking"):
            if not left:
                st.caption(f":material/cloud_done: Logged to MLflow as {_named(run, cursor)}.")
            elif is_at_work and not cursor.problem:
                st.caption(f":material/cloud_upload: Being logged to MLflow as {_named(run, cursor)}.")
            else:
                why = f" At {when(cursor.tried)}: {plain(cursor.problem)}" if cursor.problem else ""
                st.caption(f":material/cloud_off: MLflow: waiting, {count(left, 'record')} to be sent.{why}")
                if not is_at_work:
                    _send_button(workspace_around(run.folder), run.id, cursor)


def _named(run: Run, cursor: Cursor) -> str:
    """The run's name there, as a link where a server shows it."""
    if not cursor.mlflow_run_id:
        return "a new run"
    address = web_address(cursor.uri, cursor.experiment_id, cursor.mlflow_run_id)
    name = plain(run.name)
    return f"[{name}]({address})" if address else f"**{name}**, in {plain(cursor.uri)}"


def _send_button(workspace: Workspace, key: str, cursor: Cursor | None = None) -> None:
    """Off where the environment names no server, or another than the one that `cursor` waits for."""
    is_set = _server() is not None and (cursor is None or cursor.uri in ("", _server()))
    words = "In a process of its own; also done at the next run."
    if not is_set:
        words = f"Set MLFLOW_TRACKING_URI to {cursor.uri if cursor else ''} and start the app again."
    if st.button("Send now", key=f"send_{key}", icon=":material/sync:", help=words, disabled=not is_set):
        start_sender(workspace)
        st.toast("Sending to MLflow.")


def _server() -> str | None:
    with suppress(ConfigError):
        uri = tracking_uri()
        return None if uri is None else without_secrets(uri)
    return None


def _left(run: Run) -> int:
    """Records of `run` that wait for this server."""
    with suppress(WorkbenchError):
        cursor = load_cursor(run)
        if cursor is not None and cursor.uri in ("", _server()):
            return waiting(run, cursor)
    return 0
