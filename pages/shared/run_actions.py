"""What can be done about a run in each state: pause, stop and go on, and the ways out of a failure."""

from collections import Counter

import streamlit as st

from core.data.splitting import SIDES
from core.errors import WorkbenchError
from core.runs.continuing import continue_slower, go_on_without
from core.runs.launcher import launch, request_pause, request_stop
from core.runs.place import PLACE_FILE, put_at
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace
from pages.shared.caches import dataset_of, split_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, plain

NAMED = 3  # lost pictures
SIDE_WORDS = {"train": "to learn from", "valid": "to validate on", "test": "for the test"}
PAUSE_HELP = (
    "Pause leaves the device to others and keeps everything: it goes on later at the very batch, "
    "also after a restart of this machine."
)
STOP_HELP = "Stop ends the run: its results are those of the best epoch so far."


def show_action(run: Run, status: Status, finished_epochs: int) -> None:
    """What can be done in this state: two buttons while it is at work, one to go on once it rests."""
    if status.state.is_active:
        with st.container(horizontal=True, width="content", gap="small"):
            _pause_button(run, status)
            _stop_button(run, status)
    elif status.state is not RunState.FINISHED:
        label, words = _going_on(status, finished_epochs)
        primary = not _has_remedy(run, status)
        icon, kind = ":material/play_arrow:", "primary" if primary else "secondary"
        with st.container(horizontal=True, width="content", gap="small"):
            if st.button(label, key=f"go_on_{run.id}", icon=icon, type=kind, help=words):
                launch(run)
                st.rerun()
            if (run.folder / PLACE_FILE).exists():
                _here_button(run, label)


def _here_button(run: Run, label: str) -> None:
    words = "On this machine instead of the cluster, from the last checkpoint that came from there."
    if st.button(f"{label} here", key=f"here_{run.id}", icon=":material/computer:", help=words):
        put_at(run, None)
        launch(run)
        st.rerun()


def show_ending(run: Run, status: Status, workspace: Workspace) -> None:
    """Why the run did not end by itself, and the way out where there is one."""
    failed = status.state in (RunState.FAILED, RunState.LOST)
    if failed or (status.state is RunState.PAUSED and status.message):
        show_error(WorkbenchError(status.message or "The run ended without a word.", fix=status.fix))
    if status.state is RunState.FAILED:
        with errors_shown():
            _show_remedy(run, status, workspace)


def _pause_button(run: Run, status: Status) -> None:
    pausing = status.state is RunState.PAUSING
    st.button(
        "Pausing" if pausing else "Pause",
        key=f"pause_{run.id}",
        icon=":material/pause:",
        disabled=pausing or status.state is RunState.STOPPING,
        on_click=request_pause,
        args=(run,),
        help=PAUSE_HELP,
    )


def _stop_button(run: Run, status: Status) -> None:
    stopping = status.state is RunState.STOPPING
    st.button(
        "Stopping" if stopping else "Stop",
        key=f"stop_{run.id}",
        icon=":material/stop:",
        disabled=stopping,
        on_click=request_stop,
        args=(run,),
        help=STOP_HELP,
    )


def _going_on(status: Status, finished_epochs: int) -> tuple[str, str]:
    """The button's label and its help."""
    if status.state is RunState.PAUSED:
        return "Go on", "It goes on at the very batch, as if there had been no pause."
    if finished_epochs or (status.state is RunState.STOPPED and status.epoch):
        return "Go on", "It goes on from its last checkpoint."
    return "Try again", "Start it once more."


def _has_remedy(run: Run, status: Status) -> bool:
    return status.state is RunState.FAILED and (_diverged(status) or bool(run.lost_pictures()))


def _diverged(status: Status) -> bool:
    return status.cause == "LossNotFinite"


def _show_remedy(run: Run, status: Status, workspace: Workspace) -> None:
    if keys := run.lost_pictures():
        st.caption(_what_is_lost(run, keys, workspace))
        icon = ":material/playlist_remove:"
        if st.button("Go on without them", key=f"without_{run.id}", icon=icon, type="primary"):
            go_on_without(run, keys)
            st.rerun()
    elif _diverged(status):
        label = "Go on from the last good checkpoint with a tenth of the learning rate"
        if st.button(label, key=f"slower_{run.id}", icon=":material/speed:", type="primary"):
            continue_slower(run)
            st.rerun()


def _what_is_lost(run: Run, keys: tuple[str, ...], workspace: Workspace) -> str:
    """How many pictures, on which side of the split, and what the first few are called."""
    config = run.config()
    try:
        dataset = dataset_of(workspace, str(config.get("dataset_id")))
        split = split_of(dataset, str(config.get("split_id")))
    except WorkbenchError:
        return f"{count(len(keys), 'picture')} can't be read any more."
    lost = set(keys)
    rows = [row for row, picture in enumerate(dataset.pictures) if picture.key in lost]
    sides = {row: side for side in SIDES for row in getattr(split, side)}
    amounts = Counter(sides[row] for row in rows if row in sides)
    where = ", ".join(f"{amounts[side]:,} {words}" for side, words in SIDE_WORDS.items() if amounts[side])
    names = ", ".join(plain(dataset.pictures[row].name) for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return f"Lost: {len(rows):,} of {count(len(dataset.pictures), 'picture')} ({where}): {names}{more}."
