"""What of a backbone trains, with which head, and how fast."""

import streamlit as st

from core.models.outline import Outline
from core.models.saved_model import MOST_HIDDEN, WIDEST, HeadConfig
from core.training.fine_tune_config import MOST_VIEWS, FineTuneConfig, Trains
from pages.shared.text import count
from pages.train.training_values import RATES

TRAINS = {Trains.HEAD: "Only the head", Trains.BLOCKS: "The last blocks too", Trains.ALL: "Everything"}
LECTURE = 500  # units of the hidden layer in the lecture's head


def edit_head() -> HeadConfig:
    """The layers of the new head."""
    layers = st.number_input(
        "Hidden layers of the head",
        0,
        MOST_HIDDEN,
        0,
        key="head_layers",
        persist_state="session",
        help="0 is a single linear layer. A hidden layer is a linear one with ReLU and dropout behind it.",
    )
    if not layers:
        return HeadConfig()
    with st.container(horizontal=True):
        hidden = tuple(
            st.number_input(
                f"Units {number}", 1, WIDEST, LECTURE, key=f"head_units_{number}", persist_state="session"
            )
            for number in range(1, layers + 1)
        )
    dropout = st.slider("Dropout", 0.0, 0.9, 0.0, 0.05, key="head_dropout", persist_state="session")
    return HeadConfig(hidden, dropout)


def choose_trains() -> Trains:
    """What trains; call it where there is room for three buttons."""
    chosen = st.segmented_control(
        "What trains",
        list(TRAINS),
        default=Trains.HEAD,
        format_func=TRAINS.get,
        required=True,
        key="trains",
        persist_state="session",
        help="What doesn't train keeps the weights of the backbone, and its batch norm those statistics.",
    )
    return chosen or Trains.HEAD


def edit_blocks(trains: Trains, outline: Outline) -> dict:
    """What of the backbone trains, and when, by the names of `FineTuneConfig`."""
    settings: dict = {"trains": trains}
    if trains is Trains.HEAD:
        st.caption("The backbone stays as it is: it describes, and the head learns to tell apart.")
        return settings
    backbone = len(outline.blocks) - 1
    if trains is Trains.BLOCKS:
        settings["blocks"] = st.select_slider(
            "The backbone trains from",
            range(backbone, 0, -1),
            1,
            format_func=lambda number: outline.blocks[backbone - number].name,
            key=f"blocks_of_{backbone}",
            persist_state="session",
            help="Blocks in the order of computation: this one and all after it.",
        )
        st.caption(f"{count(settings['blocks'], 'block')} of {backbone}, and the head.")
    if st.toggle(
        "Unfreeze one by one",
        key="gradual",
        persist_state="session",
        help="At first only the head trains. So its first, blind steps can't spoil what the backbone knows.",
    ):
        settings["unfreeze_every"] = st.number_input(
            "Epochs between two blocks", 1, 1000, 1, key="unfreeze_every", persist_state="session"
        )
    return settings


def edit_rates(trains: Trains, epochs: int) -> dict:
    """The backbone's learning rate and the warm-up, by the names of `FineTuneConfig`."""
    settings: dict = {}
    left, right = st.columns(2)
    if trains is not Trains.HEAD:
        settings["backbone_rate"] = left.select_slider(
            "Learning rate of the backbone",
            RATES,
            FineTuneConfig.backbone_rate,
            format_func=lambda rate: f"{rate:g}",
            key="backbone-rate",
            persist_state="session",
            help="What it knows is worth keeping: a tenth of the learning rate below, which is the head's, "
            "is a good start.",
        )
    if epochs > 1:
        column = left if trains is Trains.HEAD else right
        warm_up = column.number_input(
            "Epochs of warm-up",
            0,
            None,
            0,
            key="warm_up",
            persist_state="session",
            help="The rates rise evenly from 1 %; then the schedule begins.",
        )
        if warm_up >= epochs:
            column.caption(f"More than there are: {epochs - 1} of {epochs} epochs.")
        settings["warm_up"] = min(warm_up, epochs - 1)
    return settings


def edit_views(epochs: int) -> int:
    """How many augmented views a picture the frozen part sees."""
    views = st.slider(
        "Augmented views a picture",
        1,
        MOST_VIEWS,
        FineTuneConfig.views,
        key="views",
        persist_state="session",
        help="The frozen part sees each view once, before the first epoch. Each epoch shows another view.",
    )
    if views >= epochs:
        st.caption(f"With {epochs} epochs, no view is shown twice: that saves no time.")
    return views
