"""The drawing of the network under construction."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.figures.network import network_figure
from core.models.walk import Walk

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
