"""The settings of the training itself."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.training.config import Loss, Optimizer, Schedule, TrainingConfig
from core.training.suggestion import rare_class
from pages.shared.text import plain
from pages.train.machine_form import choose_machine
from pages.train.training_values import BATCHES, DECAYS, RATES, with_odd

OPTIMIZERS = {Optimizer.ADAM: "Adam", Optimizer.ADAMW: "AdamW", Optimizer.SGD: "SGD + momentum"}
SCHEDULES = {
    Schedule.CONSTANT: "constant",
    Schedule.COSINE: "cosine: falls to 1 % at the end",
    Schedule.STEP: "step: to a tenth after each third of the epochs",
}
LOSSES = {
    Loss.CROSS_ENTROPY: "Cross-entropy, one logit a class",
    Loss.SINGLE_LOGIT: "BCEWithLogitsLoss, a single logit",
}


def edit_training(dataset: Dataset, split: Split) -> TrainingConfig:
    """Show the controls; the settings that they say."""
    left, right = st.columns(2)
    with left:
        steps = _choose_steps()
    with right:
        bounds = _choose_bounds(dataset, split)
        machine = choose_machine()
    return TrainingConfig(**steps, **bounds, **machine)


def _choose_steps() -> dict:
    """Epochs, batches, and how a step moves the weights."""
    default = TrainingConfig()
    settings = {
        "epochs": st.number_input(
            "Epochs",
            1,
            10_000,
            5,
            key="epochs",
            persist_state="session",
            help="Passes over the training pictures",
        ),
        "batch_size": st.select_slider(
            "Batch size",
            with_odd("batch-size", BATCHES),
            default.batch_size,
            key="batch-size",
            persist_state="session",
        ),
        "optimizer": st.selectbox(
            "Optimizer",
            list(OPTIMIZERS),
            format_func=OPTIMIZERS.get,
            key="optimizer",
            persist_state="session",
        ),
    }
    if settings["optimizer"] is Optimizer.SGD:
        settings["momentum"] = st.slider(
            "Momentum", 0.0, 0.99, default.momentum, 0.01, key="momentum", persist_state="session"
        )
    settings |= {
        "learning_rate": st.select_slider(
            "Learning rate",
            with_odd("learning-rate", RATES),
            default.learning_rate,
            format_func=lambda r: f"{r:g}",
            key="learning-rate",
            persist_state="session",
        ),
        "schedule": st.selectbox(
            "Learning-rate schedule",
            list(SCHEDULES),
            format_func=SCHEDULES.get,
            key="schedule",
            persist_state="session",
        ),
    }
    return settings


def _choose_bounds(dataset: Dataset, split: Split) -> dict:
    """What is minimized, and what keeps it from going wrong or on for too long."""
    settings = {
        "weight_decay": st.select_slider(
            "Weight decay",
            with_odd("decay", DECAYS),
            format_func=lambda d: f"{d:g}",
            key="decay",
            persist_state="session",
        )
    }
    if len(dataset.classes) == 2:
        settings["loss"] = st.selectbox(
            "Loss", list(LOSSES), format_func=LOSSES.get, key="loss", persist_state="session"
        )
    settings["class_weights"] = _class_weights(dataset, split)
    if st.toggle("Early stopping", key="early", persist_state="session"):
        settings["patience"] = st.number_input(
            "Epochs without a new best", 1, 1000, 5, key="patience", persist_state="session"
        )
    if st.toggle(
        "Gradient clipping",
        key="clip",
        persist_state="session",
        help="A gradient longer than this is shortened to it before the step: one odd batch can't throw "
        "the weights far off.",
    ):
        settings["gradient_clip"] = st.number_input(
            "Longest gradient",
            1e-6,
            1e6,
            1.0,
            format="%g",
            key="longest-gradient",
            persist_state="session",
            help="The Euclidean norm over all parameters. A run shows the norm of every epoch.",
        )
    settings["seed"] = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        0,
        key="training_seed",
        persist_state="session",
        help="The same seed trains the same network.",
    )
    return settings


def _class_weights(dataset: Dataset, split: Split) -> bool:
    chosen = st.toggle(
        "Class weights",
        key="weights",
        persist_state="session",
        help="A mistake on a rare class counts as much as one on a common class.",
    )
    if not chosen and (rare := rare_class(dataset, split)) is not None:
        st.caption(
            f"“{plain(rare.label)}” has only {rare.pictures:,} training pictures, "
            f"the largest class {rare.largest:,}."
        )
    return chosen
