"""What a run will take, told beside the button that starts it: memory, disk and time, and what can't work."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, check_trainable
from core.errors import ConfigError
from core.models.walk import Walk
from core.training.batch_norm import check_batch_norm
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.device import visible_devices
from core.training.estimate import Estimate, estimate_run
from core.training.execution import Execution
from core.training.measured import calibration_file, load_calibration
from core.workspace import Workspace
from pages.shared.errors import show_error
from pages.shared.facts_list import Fact
from pages.shared.text import short_time, size
from pages.train.trial import show_costs


def can_train(
    workspace: Workspace,
    config: CnnRunConfig,
    network: Walk,
    dataset: Dataset,
    split: Split,
    *,
    elsewhere: bool = False,
) -> bool:
    """Show what the run will take, or why it can't be started; `elsewhere`: on another machine."""
    if network.problem:
        st.error("It can't be built yet: the card with the red note says why.", icon=":material/block:")
        return False
    try:
        check_trainable(split)
        check_batch_norm(network, config.training, len(split.train))
        device = visible_devices()[0].name
        estimate = estimate_run(workspace, config, network, dataset, split, device, elsewhere=elsewhere)
    except ConfigError as error:
        show_error(error)
        return False
    show_costs(workspace, config, _lines(estimate, config), is_measured=estimate.is_measured)
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
    return lines + time_lines(estimate.epoch_seconds, estimate.run_seconds, config.training)


def time_lines(epoch: float | None, run: float | None, training: TrainingConfig) -> list[Fact]:
    """How long an epoch and all of a run take, in seconds; None where that was not measured."""
    if epoch is None or run is None:
        return [("Time", "not measured yet", "")]
    most = "at most " if training.patience else ""
    return [
        ("Time an epoch", short_time(epoch), ""),
        ("Time in all", f"{most}{short_time(run)}", "measured with ten batches"),
    ]
