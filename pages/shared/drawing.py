"""Inline SVG on a page, changed in place: no reload and no blank while a slider moves."""

import time
from collections.abc import Callable

import streamlit as st

from pages.shared.page import ASSETS

BREATH = 0.03  # seconds; the browser draws at once what reaches it within 10 ms

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


def figures_first() -> None:
    """Let the browser draw what it has been sent, before what takes it longer, such as formulas."""
    time.sleep(BREATH)
