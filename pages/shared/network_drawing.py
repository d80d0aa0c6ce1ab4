"""A network as volumes to scale, on a page; one of them can be chosen by a press."""

from collections.abc import Callable, Collection

import streamlit as st

from core.figures.network_svg import network_svg
from core.models.walk import Walk
from pages.shared.page import ASSETS

_drawing = st.components.v2.component(
    "network_drawing",
    html='<div class="network"></div>',
    css=(ASSETS / "network_drawing.css").read_text(encoding="utf-8"),
    js=(ASSETS / "network_drawing.js").read_text(encoding="utf-8"),
)


def draw_network(
    walk: Walk,
    width: int,
    *,
    key: str,
    chosen: int | None = None,
    on_pick: Callable[[int], None] | None = None,
    pale: Collection[int] = (),
) -> None:
    """The network in about `width` pixels. Volumes are counted from the picture, which is 0; `chosen` is
    marked, those that are `pale` stand back, and `on_pick` gets the one that is pressed."""
    data = {
        "svg": network_svg(walk, width),
        "chosen": chosen,
        "pickable": on_pick is not None,
        "pale": sorted(pale),
    }
    if on_pick is None:
        _drawing(key=key, data=data)
        return
    _drawing(key=key, data=data, on_picked_change=lambda: on_pick(int(st.session_state[key].picked)))
