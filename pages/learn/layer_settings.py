"""The settings of one layer as controls, whatever kind it is."""

from dataclasses import fields, replace
from typing import Any

import streamlit as st

from core.layers.convolution import Conv2d
from core.layers.layer import Layer
from core.models.stack_text import ACTIVATIONS, PAIRS, TRUTHS

LABELS = {  # of the fields that are set by hand; what reaches a layer decides the others
    "out_channels": "Filters",
    "out_features": "Outputs",
    "function": "Function",
    "probability": "Probability",
    "output": "Output",
    "kernel": "Kernel",
    "stride": "Stride",
    "padding": "Padding",
    "output_padding": "Extra",
    "dilation": "Dilation",
    "groups": "Groups",
    "bias": "Bias",
    "ceil_mode": "Round up",
    "count_include_pad": "Count the padding",
}
WORDS = ("same", "valid")
FROM_ZERO = ("padding", "output_padding")
MOST = 65_536
PADDING = 64  # the largest on offer, but for the one that the layer came with
NARROW = 79  # pixels: four controls stand in one row


def edit_layer(key: str, layer: Layer) -> Layer:
    """The layer that the controls say, which start at `layer`; `key` tells its controls from others'."""
    own = {field.name for field in fields(layer)}
    names = [name for name in LABELS if name in own]
    values = {name: getattr(layer, name) for name in names}
    if not names:
        st.caption("This layer has no settings.")
        return layer
    pairs = [name for name in names if name in PAIRS]
    square = all(isinstance(values[name], str) or len(set(values[name])) == 1 for name in pairs)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        both = st.session_state.get(f"both-{key}", not square)
        for name in names:
            if name in pairs:
                values[name] = _pair(name, values[name], f"{name}-{key}", both, isinstance(layer, Conv2d))
            elif name not in TRUTHS:
                values[name] = _value(name, values[name], f"{name}-{key}")
    with st.container(horizontal=True, gap="small"):
        for name in names:
            if name in TRUTHS:
                values[name] = st.toggle(LABELS[name], values[name], key=f"{name}-{key}")
        if pairs:
            st.toggle("Rectangular", not square, key=f"both-{key}")
    return replace(layer, **values)


def _value(name: str, value: Any, key: str) -> Any:
    if name == "function":
        functions = list(ACTIVATIONS.values())
        return st.selectbox(LABELS[name], functions, functions.index(value), key=key, width=160)
    if name == "probability":
        return st.slider(LABELS[name], 0.0, 0.95, value, 0.05, key=key)
    return st.number_input(LABELS[name], 1, MOST, value, key=key, width=NARROW)


def _pair(name: str, value: Any, key: str, both: bool, words: bool) -> Any:
    """(rows, columns); where `words` are understood, a padding may be one of them."""
    least = 0 if name in FROM_ZERO else 1
    if both:
        rows, columns = (0, 0) if isinstance(value, str) else value
        rows = st.number_input(LABELS[name], least, MOST, rows, key=f"{key}-rows", width=NARROW)
        return rows, st.number_input("×", least, MOST, columns, key=f"{key}-columns", width=NARROW)
    if name == "padding" and words:
        given = value if isinstance(value, str) else value[0]
        numbers = set(range(PADDING + 1)) | ({given} - set(WORDS))
        choices = [*WORDS, *sorted(numbers)]
        chosen = st.selectbox(LABELS[name], choices, choices.index(given), key=key, width=NARROW)
        return chosen if isinstance(chosen, str) else (chosen, chosen)
    side = st.number_input(LABELS[name], least, MOST, value[0], key=key, width=NARROW)
    return side, side
