"""The network under construction: its drawing, what it costs, and whether it can be trained."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.splitting import Split, check_trainable
from core.errors import ConfigError
from core.figures.network import network_figure
from core.models.walk import Walk
from core.training.batch_norm import check_batch_norm
from core.training.config import TrainingConfig
from core.training.device import visible_devices
from core.training.memory import check_memory, training_memory
from pages.shared.errors import show_error
from pages.shared.text import size

WIDTH, HEIGHT = 940, 250  # pixels
EVERY_LAYER = 1000  # volumes, more than a network can have here


def drawing_room() -> DeltaGenerator:
    """Room above the editor for `draw`; on a phone it scrolls sideways."""
    return st.container(key="drawing")


def draw(network: Walk, room: DeltaGenerator) -> None:
    room.plotly_chart(
        network_figure(network, WIDTH, most=EVERY_LAYER),
        key="network",
        height=HEIGHT,
        config={"displayModeBar": False},
    )


def can_train(network: Walk, training: TrainingConfig, split: Split) -> bool:
    """Show what the network costs, or why it can't be trained."""
    if network.problem:
        st.error("It can't be built yet: the card with the red note says why.", icon=":material/block:")
        return False
    with st.container(horizontal=True):
        st.metric("Parameters", f"{network.parameters:,}")
        st.metric("Multiply-adds a picture", f"{network.macs:,}")
        st.metric("Memory to train", size(training_memory(network, training).total))
    try:
        check_trainable(split)
        check_batch_norm(network, training, len(split.train))
        if visible_devices()[0].name == "cpu":  # a GPU has memory of its own
            check_memory(network, training)
    except ConfigError as error:
        show_error(error)
        return False
    return True
