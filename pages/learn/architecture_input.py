"""What comes into the network: the picture's size and channels, how many at once, and the number type."""

from dataclasses import dataclass

import streamlit as st

from core.layers.memory import Dtype
from core.layers.shapes import MapShape

LARGEST = 512  # pixels
MOST_CHANNELS = 4096
BATCH = 32


@dataclass(frozen=True)
class Input:
    """`shape` is (C, H, W), without the batch."""

    shape: MapShape
    batch: int
    dtype: Dtype


def choose_input(network: str, own: MapShape) -> Input:
    """The controls. They start at `own` (C, H, W), and go there again when another `network` comes."""
    if st.session_state.setdefault("input-of", network) != network:
        st.session_state["input-of"] = network
        _bring(own)
    channels, height, width = own
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if st.session_state.get("rectangular", height != width):
            rows = _pixels("Height (pixels)", "height", height)
            columns = _pixels("Width (pixels)", "width", width)
        else:
            rows = columns = _pixels("Picture size (pixels)", "side", height)
        st.toggle(
            "Rectangular", height != width, key="rectangular", bind="query-params", on_change=_same_sides
        )
        channels = st.number_input(
            "Channels",
            1,
            MOST_CHANNELS,
            channels,
            key="channels",
            bind="query-params",
            width=100,
            help="1 for grey pictures, 3 for RGB.",
        )
        batch = st.number_input("Batch", 1, 4096, BATCH, key="batch", bind="query-params", width=100)
        dtype = st.selectbox("Numbers", list(Dtype), key="dtype", bind="query-params", width=124)
    return Input((channels, rows, columns), batch, dtype)


def _pixels(label: str, key: str, value: int) -> int:
    return st.slider(label, 1, LARGEST, value, key=key, bind="query-params")


def _bring(shape: MapShape) -> None:
    channels, height, width = shape
    sides = {"side": height} if height == width else {"height": height, "width": width}
    st.session_state.update(channels=channels, rectangular=height != width, **sides)


def _same_sides() -> None:
    """A callback: the picture stays as it was when its sides come apart, and they join at its height."""
    if st.session_state["rectangular"]:
        side = st.session_state["side"]
        st.session_state.update(height=side, width=side)
    else:
        st.session_state["side"] = st.session_state["height"]
