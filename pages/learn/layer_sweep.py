"""The chart of the layer math page: what changes while one argument moves."""

import streamlit as st

from core.figures.sweep import sweep_figure
from core.layers.sweep import Argument, Quantity, Setting, sweep, values_around
from pages.learn.layer_dials import Board
from pages.learn.layer_values import DIALS, key_of, set_values
from pages.shared.drawing import draw

FIRST = (Argument.KERNEL, Argument.OUT_CHANNELS, Argument.OUTPUT, Argument.SIZE, Argument.IN_CHANNELS)


def show_sweep(setting: Setting, board: Board) -> None:
    """Choose an argument and a quantity; a press on a value moves the argument's slider there."""
    places = sorted(board.labels, key=lambda place: FIRST.index(place[0]) if place[0] in FIRST else 99)
    with st.container(horizontal=True):
        argument, axis = st.selectbox(
            "While this moves",
            places,
            format_func=board.labels.__getitem__,
            key="sweep",
            bind="query-params",
        )
        quantity = Quantity(
            st.selectbox("look at", [str(q) for q in Quantity], key="look_at", bind="query-params")
        )
    now = setting.value(argument, axis)
    if now is None:
        st.caption("The padding is not a number here.")
        return
    points = sweep(setting, argument, values_around(now, DIALS[argument].values), axis)

    def take() -> None:
        picked = st.session_state["sweep_chart"].get("picked")
        if isinstance(picked, int) and picked in DIALS[argument].values:
            set_values({key_of(argument, axis): picked})

    label = board.labels[argument, axis].lower()
    draw(sweep_figure(points, label, quantity, now), key="sweep_chart", on_pick=take)
