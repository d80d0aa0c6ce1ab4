"""The chosen map under max and under average pooling."""

import streamlit as st

from core.figures.map_grid import Tile, map_grid
from core.insight.pooled_words import kept_words
from pages.look.maps import Shown
from pages.shared.map_grid import show_map_grid

FIRST = 2  # pixels of the window


def show_pooling(shown: Shown) -> None:
    """The map beside its largest and its mean values, on one scale, and in words what each keeps."""
    from core.insight.pooled import pool_map

    most = min(shown.map.shape)
    if most < 2:
        st.caption("A map of one value a row or a column can't be pooled. Choose an earlier layer.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        largest = min(most, 16)
        window = st.slider("Window, pixels", 2, largest, FIRST, key=f"window of {largest}") if most > 2 else 2
        same = st.toggle("Stride as the window", True, key="stride_as_window")
        stride = window if same else st.slider("Stride", 1, largest, FIRST, key=f"stride of {largest}")
    pooled = pool_map(shown.map, window, stride)
    tiles = [
        Tile(name, values, " x ".join(map(str, values.shape)))
        for name, values in (
            (f"channel {shown.channel}", pooled.map),
            ("max pooling", pooled.largest),
            ("average pooling", pooled.mean),
        )
    ]
    show_map_grid(map_grid(tiles, shared_scale=True), key="pooled")
    st.markdown(kept_words(pooled))
