"""What the layer math page answers in words and numbers: shapes, costs, formulas, code, and the link."""

from urllib.parse import urlencode

import streamlit as st

from core.layers.formulas import macs_formula, output_formulas, parameter_formula
from core.layers.memory import Dtype, inference_bytes, training_bytes
from core.layers.receptive import Reach, reach_after
from core.layers.shapes import Shape, pair_text, shape_text
from core.layers.sweep import Setting
from core.layers.torch_source import torch_source
from pages.shared.formulas import written
from pages.shared.text import size

AXES = {1: "B × N", 2: "B × C × L", 3: "B × C × H × W"}


def show_answer(setting: Setting, before: Reach, batch: int, dtype: Dtype) -> None:
    """The shapes before and after, and what the layer costs."""
    layer, shape = setting.layer, setting.input_shape
    output = layer.output_shape(shape)
    facts = [
        ("Parameters", f"{layer.parameters:,}", "learned numbers"),
        ("MACs", f"{layer.macs(shape):,}", "multiply-adds a picture"),
        ("Memory to predict", size(inference_bytes(layer, shape, batch, dtype)), "maps in and out"),
        ("Memory to train", size(training_bytes(layer, shape, batch, dtype)), "kept for the way back"),
        ("Receptive field", *_reach(reach_after(layer, before, shape), len(shape))),
    ]
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd><small>{words}</small></div>" for name, value, words in facts
    )
    st.html(
        f'<p class="shapes"><span>{_shape(shape, batch)} →</span> <strong>{_shape(output, batch)}</strong>'
        f'<small>{AXES[len(output)]}</small></p><dl class="facts">{cells}</dl>'
    )


def show_formulas(setting: Setting) -> None:
    """Output size, parameters and MACs, in symbols and then step by step with the user's numbers."""
    layer, shape = setting.layer, setting.input_shape
    for formula in (*output_formulas(layer, shape), parameter_formula(layer), macs_formula(layer, shape)):
        st.markdown(written(formula))


def show_code(setting: Setting, batch: int) -> None:
    """The layer in PyTorch, run on an input of the right shape."""
    layer, shape = setting.layer, setting.input_shape
    st.code(
        "import torch\nfrom torch import nn\n\n"
        f"layer = {torch_source(layer)}\n"
        f"output = layer(torch.zeros{(batch, *shape)})\n"
        f"print(tuple(output.shape))  # {(batch, *layer.output_shape(shape))}",
        wrap_lines=True,
    )


def show_link() -> None:
    """The address of this page with all settings; those at their defaults are left out of it."""
    query = urlencode(st.query_params.to_dict())
    address = (st.context.url or "").split("?")[0]
    st.caption("A link to exactly these settings")
    st.code(f"{address}?{query}" if query else address, language=None, wrap_lines=True)


def _shape(shape: Shape, batch: int) -> str:
    return shape_text((batch, *shape))


def _reach(reach: Reach | None, axes: int) -> tuple[str, str]:
    """The receptive field, and the effective stride in words."""
    if reach is None:
        return "–", "no maps any more"
    if reach.field is None:
        return "all", "the whole picture"
    if axes == 2:
        return str(reach.field[1]), f"steps, stride {reach.stride[1]}"
    stride = "×".join(str(axis) for axis in dict.fromkeys(reach.stride))
    return pair_text(reach.field), f"pixels, stride {stride}"
