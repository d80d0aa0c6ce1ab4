"""Ten batches of a training on request: the button that measures them, and how far the measurement is."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from core.errors import RunError
from core.runs.store import Run, RunState, Status
from core.runs.trials import start_trial
from core.training.config import CnnRunConfig
from core.training.fine_tune_config import FineTuneConfig
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.facts_list import Fact, facts_list
from pages.shared.job import show_end, watch_job

TRIAL = "trial"  # the folder of the measurement that this session started
MEASURE_HELP = "Learns from ten batches in a process of its own, which takes a few seconds."


def show_costs(
    workspace: Workspace, config: CnnRunConfig | FineTuneConfig, lines: Sequence[Fact], *, is_measured: bool
) -> None:
    """What a run will take, with the button to measure it where it has not been."""
    status = None if is_measured else _status()
    at_work = status is not None and status.state.is_active
    with st.container(horizontal=True, vertical_alignment="bottom", key="costs"):
        st.html(facts_list(lines), width="stretch")
        if not is_measured and not at_work:
            _measure_button(workspace, config)
    if at_work:
        watch_job(_trial())
    elif status is not None and status.state is RunState.FAILED:
        show_end(status)


def _trial() -> Run:
    """The measurement that this session started last."""
    return Run(Path(st.session_state[TRIAL]))


def _status() -> Status | None:
    """How far it is; None if there is none, or another browser's has cleared it away."""
    with suppress(KeyError, RunError):
        return _trial().status()
    return None


def _measure_button(workspace: Workspace, config: CnnRunConfig | FineTuneConfig) -> None:
    if st.button("Measure", key="measure", icon=":material/timer:", help=MEASURE_HELP):
        with errors_shown():
            st.session_state[TRIAL] = str(start_trial(workspace, config).folder)
            st.rerun()
