"""What a fine-tuning will take, told beside the button that starts it, and what can't work."""

from core.data.dataset import Dataset
from core.data.splitting import Split, check_trainable
from core.errors import ConfigError
from core.models.outline import Outline
from core.training.device import visible_devices
from core.training.fine_tune_config import FineTuneConfig
from core.training.fine_tune_estimate import FineTuneEstimate, estimate_fine_tuning
from core.workspace import Workspace
from pages.shared.errors import show_error
from pages.shared.facts_list import Fact
from pages.shared.text import duration, size
from pages.train.fine_tune_facts import saved_share
from pages.train.run_costs import time_lines
from pages.train.trial import show_costs


def can_fine_tune(
    workspace: Workspace,
    config: FineTuneConfig,
    outline: Outline,
    dataset: Dataset,
    split: Split,
    *,
    elsewhere: bool = False,
) -> bool:
    """Show what the run will take, or why it can't be started; `elsewhere`: on another machine."""
    try:
        check_trainable(split)
        device = visible_devices()[0].name
        estimate = estimate_fine_tuning(
            workspace, config, outline, dataset, split, device, elsewhere=elsewhere
        )
    except ConfigError as error:
        show_error(error)
        return False
    show_costs(
        workspace,
        config,
        _lines(estimate, config, outline),
        is_measured=estimate.is_measured or not estimate.has_room,
    )
    return True


def _lines(estimate: FineTuneEstimate, config: FineTuneConfig, outline: Outline) -> list[Fact]:
    trainable = outline.trainable(config.trained_blocks(len(outline.blocks)))
    lines: list[Fact] = [
        (
            "Trains",
            f"{trainable:,} parameters",
            f"of {outline.parameters:,}: {trainable / outline.parameters:.1%}",
        )
    ]
    if estimate.otherwise:
        lines.append(_frozen(estimate, config))
    if estimate.memory is not None:
        lines.append(("Memory", size(estimate.memory), ""))
    kept = f"{size(estimate.rows)} of it for the frozen part's outputs" if estimate.rows else ""
    lines.append(("Disk", size(estimate.disk), kept))
    if not estimate.has_room:  # with the frozen part in every epoch, a trial wouldn't tell
        return lines
    run_seconds = None
    if estimate.epoch_seconds is not None:
        run_seconds = config.training.epochs * estimate.epoch_seconds + (estimate.frozen_seconds or 0)
    return lines + time_lines(estimate.epoch_seconds, run_seconds, config.training)


def _frozen(estimate: FineTuneEstimate, config: FineTuneConfig) -> Fact:
    if not estimate.has_room:
        return (
            "Frozen part",
            "in every epoch",
            "its outputs have no room on the disk: take fewer views, or free some space",
        )
    once = "once a picture" if config.cached_views == 1 else f"{config.cached_views} views a picture"
    words = (
        f"{estimate.passes:,} passes instead of {estimate.otherwise:,}: "
        f"{saved_share(estimate.passes, estimate.otherwise)}"
    )
    if estimate.frozen_seconds is not None:
        words += f"; about {duration(estimate.frozen_seconds)} if none of it is there yet"
    return ("Frozen part", f"runs {once}", words)
