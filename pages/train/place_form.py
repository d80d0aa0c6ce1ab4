"""Where it is carried out: on this machine, or on a Ray cluster when that is too small."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import ConfigError, RunError
from core.runs.cluster_jobs import start_look
from core.runs.place import INSTALL, MOST_CPUS, MOST_GPUS, MOST_PROCESSES, USUAL_ADDRESS, Place, is_installed
from core.runs.store import Run, RunState
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.job import show_end, watch_job
from pages.shared.text import count, plain

HERE, CLUSTER = "This machine", "A Ray cluster"
LOOK = "cluster_look"  # the folder of the look that this session started
COSTS_HERE = "Memory, disk and time are told as for this machine."
WIDTH = 140  # pixels of a number
GPUS_HELP = "0.25: four processes share one GPU."
PROCESSES_HELP = (
    "So many train one network together. Each learns from its part of every batch, and all keep the same "
    "weights: the same curve as with one process, sooner. Batch norm sees a part at a time, dropout and "
    "augmentation draw anew, which changes the numbers a little."
)


def choose_place(workspace: Workspace, *, together: bool = False) -> tuple[Place | None, bool]:
    """The controls; the cluster (None for this machine), and whether a start makes sense.

    With `together`, several processes can train one network.
    """
    where = st.segmented_control(
        "Where", [HERE, CLUSTER], default=HERE, required=True, key="place", persist_state="session"
    )
    if where == HERE:
        return None, True
    if not is_installed():
        st.info(f"Ray is not installed. `{INSTALL}`, then start the app again.", icon=":material/hub:")
        return None, False
    address = st.text_input(
        "Address of its head",
        USUAL_ADDRESS,
        key="place_address",
        persist_state="session",
        help="host:port, as `ray start --head` tells it. This machine is one of the cluster's nodes: run "
        "`ray start --address=host:port` on it too.",
    )
    sizes = {}
    with st.container(horizontal=True):
        sizes["cpus"] = _number("cpus", "Cores a process", 1, MOST_CPUS, 1)
        sizes["gpus"] = _number("gpus", "GPUs a process", 0.0, float(MOST_GPUS), 0.0, GPUS_HELP)
        if together:
            sizes["processes"] = _number("processes", "Processes", 1, MOST_PROCESSES, 1, PROCESSES_HELP)
    try:
        place = Place(address.strip(), **sizes)
    except ConfigError as error:
        show_error(error)
        return None, False
    _try_it(workspace, place)
    return place, True


def place_words(place: Place | None, is_usable: bool, *, costs: str = "") -> str:
    """For beside the button that starts it: where it will be carried out, or why it can't; empty for here.

    `costs` says which of those told are of this machine.
    """
    if not is_usable:
        return "It can't be carried out there: “Where” says why."
    if place is None:
        return ""
    by = f", by {place.processes} processes together" if place.processes > 1 else ""
    return f":material/hub: On the Ray cluster at {plain(place.address)}{by}. {costs}".strip()


def _number(name: str, label: str, low: float, high: float, usual: float, words: str | None = None) -> float:
    step = 0.25 if isinstance(low, float) else 1
    return st.number_input(
        label,
        low,
        high,
        usual,
        step,
        format="%g" if isinstance(low, float) else None,
        key=f"place_{name}",
        persist_state="session",
        help=words,
        width=WIDTH,
    )


def _try_it(workspace: Workspace, place: Place) -> None:
    """The button that connects, and what the last try found."""
    with errors_shown():
        if st.button("Try the connection", icon=":material/lan:", key="try_place"):
            st.session_state[LOOK] = str(start_look(workspace, place).folder), place
    run, tried = _last_look()
    if run is None or tried != place:
        return
    with suppress(RunError):
        status = run.status()
        if status.state.is_active:
            watch_job(run)
        elif status.state is RunState.FINISHED:
            st.success(_found_words(status.result), icon=":material/check_circle:")
        elif status.state is not RunState.STOPPED:
            show_end(status)


def _found_words(found: dict[str, Any]) -> str:
    gpus = count(int(found["gpus"]), "GPU") if found["gpus"] else "no GPU"
    has = f"{count(found['nodes'], 'node')} with {count(int(found['cpus']), 'core')} and {gpus}"
    return f"It works: {has}, room for {count(found['processes'], 'process', 'processes')} of this size."


def _last_look() -> tuple[Run | None, Place | None]:
    folder, place = st.session_state.get(LOOK, (None, None))
    return (Run(Path(folder)) if folder else None), place
