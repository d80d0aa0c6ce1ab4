"""The settings of a run by features and logistic regression."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.embeddings.config import MOST_ITERATIONS, FeaturesRunConfig
from core.training.suggestion import rare_class
from pages.shared.text import plain

SEARCH, SET = "Cross-validation", "Set it"
VALUES = [10.0**exponent for exponent in range(-5, 5)]
C_HELP = (
    "C is the inverse of the regularization: a small one holds the coefficients near 0, a large one lets "
    "them follow every training picture. Cross-validation tries six values: it learns from four fifths of "
    "the training pictures and looks at the last fifth, five times over; the least log loss decides. No "
    "validation or test picture has a say."
)


def edit_features(
    dataset: Dataset, split: Split, backbone: str, weights: str, words: str
) -> FeaturesRunConfig:
    """Show the controls; the settings that they say. `words` are those for the backbone."""
    default = FeaturesRunConfig("", dataset.id, split.id, dataset.classes, backbone, weights)
    way = st.segmented_control(
        "Regularization",
        (SEARCH, SET),
        default=SEARCH,
        required=True,
        key="regularization_way",
        persist_state="session",
        help=C_HELP,
    )
    c = None
    if way == SET:
        c = st.select_slider(
            "C", VALUES, 1.0, format_func=lambda value: f"{value:g}", key="c", persist_state="session"
        )
    iterations = st.number_input(
        "Most iterations",
        1,
        MOST_ITERATIONS,
        default.max_iter,
        key="max_iter",
        persist_state="session",
        help="Of the search for the best coefficients; the results say if they were not enough.",
    )
    rare = rare_class(dataset, split)
    hint = (
        f"{plain(rare.label)} has {rare.pictures:,} training pictures, the largest class {rare.largest:,}."
        if rare
        else "The classes have about as many pictures each."
    )
    class_weights = st.toggle(
        "Weigh rare classes more", key="features_class_weights", persist_state="session", help=hint
    )
    seed = st.number_input(
        "Seed of the folds", 0, 2**31 - 1, default.seed, key="features_seed", persist_state="session"
    )
    name = st.text_input(
        "Name of the run", f"Features of {words}", key=f"features_name_{backbone}", persist_state="session"
    )
    return FeaturesRunConfig(
        name.strip() or "Unnamed run",
        dataset.id,
        split.id,
        dataset.classes,
        backbone,
        weights,
        c,
        int(iterations),
        class_weights,
        int(seed),
    )
