"""What the page answers about a network: totals, what doesn't fit, the drawing, and each layer."""

import streamlit as st

from core.errors import LayerError
from core.figures.network import network_figure
from core.models.walk import LayerRow, Walk
from pages.learn.architecture_input import Input
from pages.learn.architecture_pasted import continue_as_code
from pages.learn.architecture_source import Choice
from pages.learn.architecture_table import layer_table
from pages.shared.errors import show_error
from pages.shared.text import plain

WIDTH = 570  # pixels
VIEWS = ("Layers", "Where it goes", "Code")


def show_totals(walk: Walk, given: Input) -> None:
    figures = {"Parameters": f"{walk.parameters:,}", "MACs a picture": f"{walk.macs:,}"}
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    st.html(f'<dl class="totals">{cells}</dl>')


def show_problem(walk: Walk) -> None:
    """Where the network can't be built, both sides of it, and what to change."""
    if walk.error is None:
        return
    row = walk.rows[-1]
    lines = [f"**{_place(row)}: {plain(walk.error.problem)}**"]
    for name, words in (("Expected", walk.error.expected), ("Found", walk.error.found)):
        if words:
            lines.append(f"{name}: {plain(words)}")
    st.error("  \n".join([*lines, plain(walk.error.fix)]), icon=":material/block:")


def _place(row: LayerRow) -> str:
    where = f"Line {row.line}, " if row.line is not None else ""
    return f"{where}{plain(row.layer)}"


def draw(walk: Walk) -> None:
    with st.container(key="network-drawing"):
        st.plotly_chart(network_figure(walk, WIDTH), key="network-figure", config={"displayModeBar": False})


def show_details(choice: Choice, walk: Walk, given: Input) -> None:
    """Each layer, where the parameters and the compute are, and the code; only the open one is made."""
    layers, where, code = st.tabs(VIEWS, key="view", bind="query-params")
    if layers.open:
        layers.html(layer_table(walk, given))
    if code.open:
        with code:
            _show_code(choice, given)


def _show_code(choice: Choice, given: Input) -> None:
    if choice.code is None:
        st.caption("This network is not of our making: its code is the one that you gave or chose.")
        return
    try:
        code = choice.code(given.shape)
    except LayerError as error:
        show_error(error)
        return
    st.button(
        "Continue as code",
        icon=":material/edit:",
        key="continue-as-code",
        help="Takes this code to the editor, to be changed by hand.",
        on_click=continue_as_code,
        args=(code, given.shape),
    )
    st.code(code, language="python")
