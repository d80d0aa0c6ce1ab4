"""The settings of the training itself."""

from collections import Counter

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.training.config import Loss, Optimizer, Schedule, TrainingConfig
from pages.shared.text import plain

OPTIMIZERS = {Optimizer.ADAM: "Adam", Optimizer.ADAMW: "AdamW", Optimizer.SGD: "SGD + momentum"}
SCHEDULES = {Schedule.CONSTANT: "constant", Schedule.COSINE: "cosine: falls to 1 % at the end"}
LOSSES = {
    Loss.CROSS_ENTROPY: "Cross-entropy, one logit a class",
    Loss.SINGLE_LOGIT: "BCEWithLogitsLoss, a single logit",
}
RATES = [float(f"{m}e{e}") for e in range(-5, 0) for m in (1, 2, 5)] + [1.0]
IMBALANCE = 1.5  # largest class / smallest class from which class weights are suggested


def edit_training(dataset: Dataset, split: Split) -> TrainingConfig:
    """Show the controls; the settings that they say."""
    default = TrainingConfig()
    left, right = st.columns(2)
    with left:
        epochs = st.number_input(
            "Epochs",
            1,
            10_000,
            5,
            key="epochs",
            persist_state="session",
            help="Passes over the training pictures",
        )
        batch_size = st.select_slider(
            "Batch size",
            [2**n for n in range(13)],
            default.batch_size,
            key="batch-size",
            persist_state="session",
        )
        optimizer = st.selectbox(
            "Optimizer",
            list(OPTIMIZERS),
            format_func=OPTIMIZERS.get,
            key="optimizer",
            persist_state="session",
        )
        rate = st.select_slider(
            "Learning rate",
            RATES,
            default.learning_rate,
            format_func=lambda r: f"{r:g}",
            key="learning-rate",
            persist_state="session",
        )
        schedule = st.selectbox(
            "Learning-rate schedule",
            list(SCHEDULES),
            format_func=SCHEDULES.get,
            key="schedule",
            persist_state="session",
        )
    with right:
        momentum = default.momentum
        if optimizer is Optimizer.SGD:
            momentum = st.slider(
                "Momentum", 0.0, 0.99, momentum, 0.01, key="momentum", persist_state="session"
            )
        decay = st.select_slider(
            "Weight decay",
            [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
            format_func=lambda d: f"{d:g}",
            key="decay",
            persist_state="session",
        )
        loss = Loss.CROSS_ENTROPY
        if len(dataset.classes) == 2:
            loss = st.selectbox(
                "Loss", list(LOSSES), format_func=LOSSES.get, key="loss", persist_state="session"
            )
        weights = _class_weights(dataset, split)
        patience = None
        if st.toggle("Early stopping", key="early", persist_state="session"):
            patience = st.number_input(
                "Epochs without a new best", 1, 1000, 5, key="patience", persist_state="session"
            )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="training_seed",
            persist_state="session",
            help="The same seed trains the same network.",
        )
    return TrainingConfig(
        epochs, batch_size, optimizer, rate, momentum, decay, schedule, loss, weights, patience, seed
    )


def _class_weights(dataset: Dataset, split: Split) -> bool:
    counts = Counter(dataset.pictures[row].label for row in split.train)
    most, fewest = max(counts.values()), min(counts.values())
    chosen = st.toggle(
        "Class weights",
        key="weights",
        persist_state="session",
        help="A mistake on a rare class counts as much as one on a common class.",
    )
    if most / fewest >= IMBALANCE and not chosen:
        rare = min(counts, key=lambda label: counts[label])
        st.caption(f"“{plain(rare)}” has only {fewest:,} training pictures, the largest class {most:,}.")
    return chosen
