"""Inline SVG on a page, changed in place: no reload and no blank while a slider moves."""

from collections.abc import Callable

import streamlit as st

from pages.shared.page import ASSETS

_component = st.components.v2.component(
    "layer_picture",
    html='<div class="drawing"></div>',
    css=(ASSETS / "layer_picture.css").read_text(encoding="utf-8"),
    js=(ASSETS / "layer_picture.js").read_text(encoding="utf-8"),
)


def draw(svg: str, *, key: str, on_pick: Callable[[], None] | None = None) -> None:
    """Show `svg`, of core.figures.

    With `on_pick`, a press on a value of a chart sets `st.session_state[key].picked` to it, then calls that.
    """
    callbacks = {"on_picked_change": on_pick} if on_pick else {}
    _component(key=key, data={"svg": svg}, **callbacks)
