"""The state of a run as a badge, and in a line of words."""

import streamlit as st

from core.runs.place import Place
from core.runs.store import RunState, Status
from core.training.device import device_words
from pages.shared.text import count, plain

BADGES = {
    RunState.QUEUED: ("gray", ":material/hourglass_empty:"),
    RunState.RUNNING: ("blue", ":material/directions_run:"),
    RunState.PAUSING: ("orange", ":material/pause:"),
    RunState.PAUSED: ("orange", ":material/pause_circle:"),
    RunState.STOPPING: ("orange", ":material/pan_tool:"),
    RunState.STOPPED: ("orange", ":material/stop_circle:"),
    RunState.FINISHED: ("green", ":material/check_circle:"),
    RunState.FAILED: ("red", ":material/error:"),
    RunState.LOST: ("red", ":material/link_off:"),
}


def state_badge(state: RunState) -> None:
    color, icon = BADGES[state]
    st.badge(state.value, color=color, icon=icon)


def situation(status: Status, finished_epochs: int, place: Place | None = None) -> str:
    """One line on where the run stands, which is carried out at `place`; None for this machine."""
    epochs = count(finished_epochs, "finished epoch")
    if status.state is RunState.QUEUED:
        ahead = status.result.get("ahead")
        if ahead is None:
            return "the process is starting"
        return f"{count(ahead, 'run')} before this one" if ahead else "next in line for the device"
    if status.state is RunState.RUNNING and place is not None:
        return f"on the Ray cluster at {plain(place.address)}"
    if status.state is RunState.RUNNING:
        return f"on {plain(device_words(status.device))}" if status.device else "the process is starting"
    if status.state is RunState.PAUSING:
        return "at the next batch; nothing is lost"
    if status.state is RunState.PAUSED:
        return _paused_at(status, finished_epochs)
    if status.state is RunState.STOPPING:
        return "at the next batch; the best epoch so far is kept"
    if status.state is RunState.STOPPED:
        kept = "; the best one is kept" if finished_epochs else ""
        return f"by you, after {epochs}{kept}"
    if status.state is RunState.FINISHED and status.result.get("ended") == "early":
        return f"early, after {epochs}: the last ones brought nothing better"
    return f"after {epochs}"


def _paused_at(status: Status, finished_epochs: int) -> str:
    """Where within an epoch, if it is within one."""
    if status.what == "training" and status.total and status.epoch > finished_epochs:
        return f"at batch {status.done:,} of {status.total:,} of epoch {status.epoch}"
    if not finished_epochs:
        return "before its first batch"
    return f"after {count(finished_epochs, 'finished epoch')}"
