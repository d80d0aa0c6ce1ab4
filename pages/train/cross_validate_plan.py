"""Whether a search can work, and how much work it is: told before the start."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, check_trainable
from core.errors import WorkbenchError
from core.tuning.skorch_config import CrossValidationConfig, Search, check_folds, check_networks
from pages.shared.errors import show_error
from pages.shared.text import count


def is_possible(config: CrossValidationConfig, dataset: Dataset, split: Split) -> bool:
    """Whether the search can be started; what is in its way is shown."""
    try:
        check_trainable(split)
        check_networks(config, len(split.train))
        check_folds(dataset.labels()[list(split.train)], dataset.classes, config.folds)
    except WorkbenchError as refusal:
        show_error(refusal)
        return False
    return True


def show_plan(config: CrossValidationConfig, split: Split) -> None:
    """How much work it is, said first."""
    st.metric("Networks to train", f"{config.fits:,}", help="Candidates times folds.")
    if config.search is Search.HALVING:
        rungs = [
            f"{count(candidates, 'candidate')} for {count(epochs, 'epoch')}"
            for candidates, epochs in config.rungs
        ]
        st.markdown(f"{', then '.join(rungs)}; each on {config.folds} folds.")
    else:
        ((candidates, epochs),) = config.rungs
        of = f" of {config.combinations:,} combinations" if candidates < config.combinations else ""
        epochs_words = "their own epochs" if "max_epochs" in config.parameters else count(epochs, "epoch")
        st.markdown(f"{count(candidates, 'candidate')}{of} × {config.folds} folds, {epochs_words} each.")
    st.caption(
        f"On {count(len(split.train), 'training picture')}; validation and test pictures have no say. Each "
        "network begins with weights of its own, and those of the last epoch are judged, in float32 and "
        "without early stopping: no picture is left to stop by."
    )
