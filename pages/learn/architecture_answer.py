"""What the page answers about a network: totals, what doesn't fit, the drawing, and each layer."""

import streamlit as st

from core.errors import LayerError
from core.figures.where import Cost, cost_figure, module_map
from core.layers.shapes import Shape
from core.models.walk import LayerRow, Walk
from pages.learn.architecture_input import Input, can_be_set, set_sides
from pages.learn.architecture_pasted import continue_as_code
from pages.learn.architecture_source import Choice
from pages.learn.architecture_table import layer_table
from pages.shared.errors import show_error
from pages.shared.text import plain, size

VIEWS = ("Layers", "Parameters and compute", "Code")
ABOUT_TABLE = (
    "MACs are multiply-accumulates. Memory is that of a layer's output, for the whole batch. The receptive "
    "field is the part of the input that one value of the output depends on at most, in pixels, and the "
    "effective stride is how far it moves from one value to the next."
)


def show_totals(choice: Choice, walk: Walk, given: Input) -> None:
    """Parameters, compute and memory of the whole network, or of it as far as it can be built."""
    if walk.problem is not None:
        figures = {"Parameters so far": (f"{walk.parameters:,}", ""), "MACs so far": (f"{walk.macs:,}", "")}
    else:
        weights = walk.parameters * given.dtype.bytes
        maps = choice.memory(walk, given.batch, given.dtype)
        figures = {
            "Parameters": (f"{walk.parameters:,}", f"{size(weights)} as {given.dtype}"),
            "MACs a picture": (
                f"{walk.macs:,}",
                _rounded(walk.macs),
            ),
            "Maps to predict": (size(maps.inference), "at most at once, a batch"),
            "Maps to train": (size(maps.training), "kept for a batch"),
        }
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd><small>{words}</small></div>"
        for name, (value, words) in figures.items()
    )
    st.html(f'<dl class="totals">{cells}</dl>')


def _rounded(number: int) -> str:
    """1,814,073,344 as "1.81 billion"; "" for what is short enough as it is."""
    for unit, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if number >= unit:
            return f"{number / unit:.3g} {word}"
    return ""


def show_problem(choice: Choice, walk: Walk) -> None:
    """Where the network can't be built, both sides of it, what to change, and a picture that fits."""
    if walk.error is None:
        return
    row = walk.rows[-1]
    lines = [f"**{_place(row)}: {plain(walk.error.problem)}**"]
    for name, words in (("Expected", walk.error.expected), ("Found", walk.error.found)):
        if words:
            lines.append(f"{name}: {plain(words)}")
    st.error("  \n".join([*lines, plain(walk.error.fix)]), icon=":material/block:")
    fitting = choice.fitting(walk.input_shape)
    if fitting and can_be_set(fitting.sides[0], fitting.axes):
        st.button(
            f"Set the size to {fitting.smallest}",
            icon=":material/build:",
            key="set-to-fitting",
            on_click=set_sides,
            args=(fitting.sides[0], fitting.axes),
        )


def _place(row: LayerRow) -> str:
    where = f"Line {row.line}, " if row.line is not None else ""
    return f"{where}{plain(row.layer)}"


def show_details(choice: Choice, walk: Walk, given: Input) -> None:
    """Each layer, where the parameters and the compute are, and the code; only the open one is made."""
    layers, where, code = st.tabs(VIEWS, key="network_view", bind="query-params")
    if layers.open:
        layers.html(layer_table(walk, given))
        layers.caption(ABOUT_TABLE)
    if where.open:
        with where:
            _show_costs(walk)
    if code.open:
        with code:
            _show_code(choice, walk.input_shape)


def _show_costs(walk: Walk) -> None:
    """Shares of layers or stages, and of modules in modules where the network has such."""
    if not walk.parameters and not walk.macs:
        st.caption("No layer learns or multiplies yet.")
        return
    st.plotly_chart(cost_figure(walk), key="costs", config={"displayModeBar": False})
    if any("." in row.name for row in walk.rows):
        for column, cost in zip(st.columns(2), Cost, strict=True):
            column.plotly_chart(module_map(walk, cost), key=f"map-{cost}", config={"displayModeBar": False})


def _show_code(choice: Choice, shape: Shape) -> None:
    if choice.code is None:
        st.caption("The network's code is what stands in the editor.")
        return
    try:
        code = choice.code(shape)
    except LayerError as error:
        show_error(error)
        return
    if choice.editable and st.button(
        "Continue as code",
        icon=":material/edit:",
        key="continue-as-code",
        help="Takes this code to the editor, to be changed by hand.",
        on_click=continue_as_code,
        args=(code, shape),
    ):
        st.rerun()
    st.code(code, language="python")
