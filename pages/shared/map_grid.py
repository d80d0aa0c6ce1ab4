"""Many small maps whose cells tell their value, and show on the picture what they see."""

from collections.abc import Callable

import streamlit as st

from core.figures.map_grid import Grid
from pages.shared.page import ASSETS

_component = st.components.v2.component(
    "map_grid",
    html='<div style="container-type: inline-size"><div class="map-grid"></div></div>',
    css=(ASSETS / "map_grid.css").read_text(encoding="utf-8"),
    js=(ASSETS / "map_grid.js").read_text(encoding="utf-8"),
)


def show_map_grid(data: Grid, *, key: str, on_pick: Callable[[int], None] | None = None) -> None:
    """Show what `core.figures.map_grid.map_grid` made; `on_pick` gets the place of a tile that is pressed."""

    def take() -> None:
        picked = st.session_state[key]["picked"]
        if on_pick and picked in range(len(data["tiles"])):
            on_pick(picked)

    callbacks = {"on_picked_change": take} if on_pick else {}
    _component(data={**data, "picks": on_pick is not None}, key=key, **callbacks)
