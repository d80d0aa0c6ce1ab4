"""What a run will take, told beside the button that starts it: memory, disk and time, and what can't work."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, check_trainable
from core.errors import ConfigError, RunError
from core.models.walk import Walk
from core.runs.store import Run, RunState, Status
from core.runs.trials import start_trial
from core.training.batch_norm import check_batch_norm
from core.training.config import CnnRunConfig
from core.training.device import visible_devices
from core.training.estimate import Estimate, estimate_run
from core.training.execution import Execution
from core.training.measured import calibration_file, load_calibration
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.facts_list import Fact, facts_list
from pages.shared.job import show_end, watch_job
from pages.shared.text import short_time, size

TRIAL = "trial"  # the folder of the measurement that this session started
MEASURE_HELP = "Learns from ten batches in a process of its own, which takes a few seconds."


def can_train(
    workspace: Workspace, config: CnnRunConfig, network: Walk, dataset: Dataset, split: Split
) -> bool:
    """Show what the run will take, or why it can't be started."""
    if network.problem:
        st.error("It can't be built yet: the card with the red note says why.", icon=":material/block:")
        return False
    try:
        check_trainable(split)
        check_batch_norm(network, config.training, len(split.train))
        device = visible_devices()[0].name
        estimate = estimate_run(workspace, config, network, dataset, split, device)
    except ConfigError as error:
        show_error(error)
        return False
    status = None if estimate.is_measured else _trial_status()
    at_work = status is not None and status.state.is_active
    with st.container(horizontal=True, vertical_alignment="bottom", key="costs"):
        st.html(facts_list(_lines(estimate, config)), width="stretch")
        if not estimate.is_measured and not at_work:
            _measure_button(workspace, config)
    if at_work:
        watch_job(_trial())
    elif status is not None and status.state is RunState.FAILED:
        show_end(status)
    return True


def show_size(network: Walk) -> None:
    """How large the network is."""
    if network.problem is None:
        with st.container(horizontal=True):
            st.metric("Parameters", f"{network.parameters:,}")
            st.metric("Multiply-adds a picture", f"{network.macs:,}")


def measured_execution(workspace: Workspace, config: CnnRunConfig) -> Execution | None:
    """How a run with these settings will be run, where that has been measured here."""
    calibration = load_calibration(calibration_file(workspace, config, visible_devices()[0].name))
    return None if calibration is None else calibration.execution


def _lines(estimate: Estimate, config: CnnRunConfig) -> list[Fact]:
    batch = config.training.batch_size
    lines: list[Fact] = []
    if estimate.memory is not None:
        lines.append(("Memory", size(estimate.memory), ""))
    if estimate.piece < batch:
        words = f"the memory holds no more of a batch of {batch:,} at a time"
        lines.append(("Pictures at once", f"{estimate.piece:,}", words))
    cache = f"{size(estimate.cache)} of it once for the decoded pictures" if estimate.cache else ""
    lines.append(("Disk", size(estimate.disk), cache))
    if estimate.epoch_seconds is not None and estimate.run_seconds is not None:
        most = "at most " if config.training.patience else ""
        lines.append(("Time an epoch", short_time(estimate.epoch_seconds), ""))
        lines.append(
            ("Time in all", f"{most}{short_time(estimate.run_seconds)}", "measured with ten batches")
        )
    else:
        lines.append(("Time", "not measured yet", ""))
    return lines


def _trial() -> Run:
    """The measurement that this session started last."""
    return Run(Path(st.session_state[TRIAL]))


def _trial_status() -> Status | None:
    """How far it is; None if there is none, or another browser's has cleared it away."""
    with suppress(KeyError, RunError):
        return _trial().status()
    return None


def _measure_button(workspace: Workspace, config: CnnRunConfig) -> None:
    if st.button("Measure", key="measure", icon=":material/timer:", help=MEASURE_HELP):
        with errors_shown():
            st.session_state[TRIAL] = str(start_trial(workspace, config).folder)
            st.rerun()
