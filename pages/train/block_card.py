"""The card of one block: its buttons and its controls."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.models.cnn_config import Activation, ConvBlock, Pool
from pages.train.network_draft import Draft

SAME = "same"
PADDINGS = [SAME, *range(65)]
NARROW = 82  # pixels: five controls stand in one row
POOLS = {Pool.MAX: "max", Pool.AVERAGE: "average", Pool.NONE: "none"}
ACTIVATIONS = {
    Activation.RELU: "ReLU",
    Activation.LEAKY_RELU: "Leaky ReLU",
    Activation.GELU: "GELU",
    Activation.TANH: "tanh",
    Activation.SIGMOID: "sigmoid",
    Activation.NONE: "none",
}


def block_card(draft: Draft, key: str, number: int) -> None:
    """Show block `key` of `draft`, the `number`th from 0, and take the values of its controls."""
    more = _header(draft, key, number)
    draft.blocks[key] = _controls(key, draft.blocks[key], more)


def _header(draft: Draft, key: str, number: int) -> DeltaGenerator:
    """Title and buttons of a card; returns the popover for the settings that are seldom changed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**Block {number + 1}**", width="stretch")
        more = st.popover("More", icon=":material/tune:", key=f"more-{key}", type="tertiary")
        if icon_button("arrow_upward", "Move up", f"up-{key}", disabled=number == 0):
            draft.move_up(key)
            st.rerun()
        if icon_button("content_copy", "Duplicate", f"copy-{key}"):
            draft.insert_after(key, draft.blocks[key])
            st.rerun()
        if icon_button("delete", "Remove", f"drop-{key}"):
            del draft.blocks[key]
            st.rerun()
    return more


def _controls(key: str, block: ConvBlock, more: DeltaGenerator) -> ConvBlock:
    """The block that the controls say, which start at `block`."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        filters = st.number_input("Filters", 1, 4096, block.filters, key=f"filters-{key}", width=NARROW)
        kernel = st.number_input("Kernel", 1, 63, block.kernel, key=f"kernel-{key}", width=NARROW)
        stride = st.number_input("Stride", 1, 32, block.stride, key=f"stride-{key}", width=NARROW)
        padding = st.selectbox(
            "Padding",
            PADDINGS,
            PADDINGS.index(SAME if block.padding is None else block.padding),
            key=f"padding-{key}",
            width=NARROW,
        )
        pools = list(POOLS)
        pool = st.selectbox(
            "Pooling", pools, pools.index(block.pool), format_func=POOLS.get, key=f"pool-{key}", width=104
        )
    with more:
        pool_size = st.number_input("Pooling window", 1, 32, block.pool_size, key=f"pool-size-{key}")
        dilation = st.number_input("Dilation", 1, 32, block.dilation, key=f"dilation-{key}")
        activation = activation_box(block.activation, f"activation-{key}")
        dropout = dropout_slider(block.dropout, f"dropout-{key}")
        batch_norm = st.toggle("Batch norm", block.batch_norm, key=f"norm-{key}")
        residual = st.toggle("Residual: add the block's input", block.residual, key=f"residual-{key}")
    return ConvBlock(
        filters,
        kernel,
        stride,
        None if padding == SAME else padding,
        dilation,
        batch_norm,
        residual,
        activation,
        pool,
        pool_size,
        dropout,
    )


def activation_box(value: Activation, key: str) -> Activation:
    kinds = list(Activation)
    return st.selectbox("Activation", kinds, kinds.index(value), format_func=ACTIVATIONS.get, key=key)


def dropout_slider(value: float, key: str) -> float:
    return st.slider("Dropout", 0.0, 0.9, value, 0.05, key=key)


def icon_button(icon: str, words: str, key: str, *, disabled: bool = False) -> bool:
    return st.button("", icon=f":material/{icon}:", help=words, key=key, type="tertiary", disabled=disabled)
