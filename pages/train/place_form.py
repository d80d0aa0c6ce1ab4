"""Where it is carried out: on this machine, or on a Ray cluster when that is too small."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from core.errors import ConfigError, RunError
from core.runs.cluster_jobs import start_look
from core.runs.place import INSTALL, MOST_CPUS, MOST_GPUS, MOST_PROCESSES, USUAL_ADDRESS, Place, is_installed
from core.runs.store import Run, RunState
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.job import show_end, watch_job
from pages.shared.text import count

HERE, CLUSTER = "This machine", "A Ray cluster"
LOOK = "cluster_look"  # the folder of the look that this session started
PROCESSES_HELP = (
    "Each learns from its part of every batch, and all keep the same weights: the same curve as with one "
    "process, sooner. Batch norm sees a part at a time, dropout and augmentation draw anew, which changes "
    "the numbers a little."
)


def choose_place(workspace: Workspace, key: str, *, together: bool = False) -> tuple[Place | None, bool]:
    """The controls; the cluster (None for this machine), and whether a start makes sense.

    With `together`, several processes can train one network.
    """
    where = st.segmented_control(
        "Where", [HERE, CLUSTER], default=HERE, required=True, key=f"{key}_where", persist_state="session"
    )
    if where == HERE:
        return None, True
    if not is_installed():
        st.info(f"Ray is not installed. `{INSTALL}`, then start the app again.", icon=":material/hub:")
        return None, False
    address = st.text_input(
        "Address of its head",
        USUAL_ADDRESS,
        key=f"{key}_address",
        persist_state="session",
        help="host:port, as `ray start --head` tells it. This machine is one of the cluster's nodes: run "
        "`ray start --address=host:port` on it too.",
    )
    sizes = {"cpus": _number(key, "cpus", "Cores a process", 1, MOST_CPUS, 1)}
    sizes["gpus"] = _number(key, "gpus", "GPUs a process", 0.0, float(MOST_GPUS), 0.0)
    if together:
        sizes["processes"] = _number(
            key, "processes", "Processes that train together", 1, MOST_PROCESSES, 1, PROCESSES_HELP
        )
    try:
        place = Place(address.strip(), **sizes)
    except ConfigError as error:
        show_error(error)
        return None, False
    _try_it(workspace, place, key)
    return place, True


def _number(key: str, name: str, label: str, low: float, high: float, usual: float, words: str = "") -> float:
    step = 0.25 if isinstance(low, float) else 1
    return st.number_input(
        label, low, high, usual, step, key=f"{key}_{name}", persist_state="session", help=words or None
    )


def _try_it(workspace: Workspace, place: Place, key: str) -> None:
    """The button that connects, and what the last try found."""
    with errors_shown():
        if st.button("Try the connection", icon=":material/lan:", key=f"{key}_try"):
            st.session_state[LOOK] = str(start_look(workspace, place).folder), place
    run, tried = _last_look()
    if run is None or tried != place:
        return
    with suppress(RunError):
        status = run.status()
        if status.state.is_active:
            watch_job(run)
        elif status.state is RunState.FINISHED:
            found = status.result
            st.success(
                f"{count(found['nodes'], 'node')} with {found['cpus']:g} cores and {found['gpus']:g} GPUs: "
                f"room for {count(found['processes'], 'process', 'processes')} at once.",
                icon=":material/check_circle:",
            )
        elif status.state is not RunState.STOPPED:
            show_end(status)


def _last_look() -> tuple[Run | None, Place | None]:
    folder, place = st.session_state.get(LOOK, (None, None))
    return (Run(Path(folder)) if folder else None), place
