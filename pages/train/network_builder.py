"""The builder of a CNN: a card a block, with its layers' shapes and parameters beside the controls."""

import secrets
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.layers.shapes import shape_text
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, HiddenLayer, Pool
from core.models.cnn_walk import LayerRow, Walk
from pages.shared.text import plain

SAME = "same"
PADDINGS = [SAME, *range(65)]
NARROW = 82  # pixels: five controls stand in one row
WORDS = {
    Activation.RELU: "ReLU",
    Activation.LEAKY_RELU: "Leaky ReLU",
    Activation.GELU: "GELU",
    Activation.TANH: "tanh",
    Activation.SIGMOID: "sigmoid",
    Activation.NONE: "none",
    Head.FLATTEN: "Flatten",
    Head.GLOBAL_AVERAGE: "Global average",
}
Rooms = dict[int | None, DeltaGenerator]  # by block number; None is the head
POOLS = {Pool.MAX: "max", Pool.AVERAGE: "average", Pool.NONE: "none"}


@dataclass
class Draft:
    """The network under construction. A part keeps its key when others come and go, and so its widgets."""

    blocks: dict[str, ConvBlock]
    hidden: dict[str, HiddenLayer]
    head: Head
    key: str = field(default_factory=lambda: _new_key())

    @classmethod
    def of(cls, config: CnnConfig) -> "Draft":
        return cls(
            {_new_key(): block for block in config.blocks},
            {_new_key(): layer for layer in config.hidden},
            config.head,
        )

    def config(self) -> CnnConfig:
        return CnnConfig(tuple(self.blocks.values()), self.head, tuple(self.hidden.values()))

    def insert_after(self, key: str | None, block: ConvBlock) -> None:
        items = list(self.blocks.items())
        place = len(items) if key is None else list(self.blocks).index(key) + 1
        items.insert(place, (_new_key(), block))
        self.blocks = dict(items)

    def move_up(self, key: str) -> None:
        items = list(self.blocks.items())
        place = list(self.blocks).index(key)
        items[place - 1], items[place] = items[place], items[place - 1]
        self.blocks = dict(items)


def edit_network(draft: Draft) -> Rooms:
    """Show the controls of every part and take their values into `draft`.

    The network can be walked only when all values are in, so each card leaves room for what
    `show_layers` puts there.
    """
    rooms: Rooms = {}
    for number, key in enumerate(list(draft.blocks)):
        with st.container(border=True, key=f"card-{key}"):
            more = _block_header(draft, key, number)
            draft.blocks[key] = _block_controls(key, draft.blocks[key], more)
            rooms[number] = st.container()
    last = list(draft.blocks.values())[-1] if draft.blocks else ConvBlock(8)
    if st.button("Add a block", icon=":material/add:", key=f"add-{draft.key}", width="stretch"):
        draft.insert_after(None, last)
        st.rerun()
    with st.container(border=True):
        _head_controls(draft)
        rooms[None] = st.container()
    return rooms


def show_layers(walk: Walk, rooms: Rooms) -> None:
    """Put each layer's output shape and parameters into the card that it belongs to."""
    for block, room in rooms.items():
        rows = [row for row in walk.rows if row.block == block]
        if not rows:
            continue
        with room:
            st.html(_layer_table(rows))
            for row in rows:
                if row.problem:
                    st.error(f"**{row.layer}** can't be built: {plain(row.problem)}", icon=":material/block:")


def _block_header(draft: Draft, key: str, number: int) -> DeltaGenerator:
    """Title and buttons of a card; returns the popover for the settings that are seldom changed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**Block {number + 1}**", width="stretch")
        more = st.popover("More", icon=":material/tune:", key=f"more-{key}", type="tertiary")
        if _icon_button("arrow_upward", "Move up", f"up-{key}", disabled=number == 0):
            draft.move_up(key)
            st.rerun()
        if _icon_button("content_copy", "Duplicate", f"copy-{key}"):
            draft.insert_after(key, draft.blocks[key])
            st.rerun()
        if _icon_button("delete", "Remove", f"drop-{key}"):
            del draft.blocks[key]
            st.rerun()
    return more


def _block_controls(key: str, block: ConvBlock, more: DeltaGenerator) -> ConvBlock:
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
        activation = _activation(block.activation, f"activation-{key}")
        dropout = _dropout(block.dropout, f"dropout-{key}")
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


def _head_controls(draft: Draft) -> None:
    heads = list(Head)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        draft.head = st.selectbox(
            "From maps to a vector",
            heads,
            heads.index(draft.head),
            format_func=WORDS.get,
            key=f"head-{draft.key}",
            width=190,
            help="Flatten keeps every value of every map; global average keeps one mean a map.",
        )
        if st.button("Add a hidden layer", icon=":material/add:", key=f"add-hidden-{draft.key}"):
            draft.hidden[_new_key()] = HiddenLayer(64)
            st.rerun()
    for number, key in enumerate(list(draft.hidden), 1):
        layer = draft.hidden[key]
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            width = st.number_input(
                f"Hidden layer {number}", 1, 65536, layer.width, key=f"width-{key}", width=140
            )
            with st.popover("More", icon=":material/tune:", key=f"more-{key}", type="tertiary"):
                activation = _activation(layer.activation, f"activation-{key}")
                dropout = _dropout(layer.dropout, f"dropout-{key}")
            draft.hidden[key] = HiddenLayer(width, activation, dropout)
            if _icon_button("delete", "Remove", f"drop-{key}"):
                del draft.hidden[key]
                st.rerun()


def _activation(value: Activation, key: str) -> Activation:
    kinds = list(Activation)
    return st.selectbox("Activation", kinds, kinds.index(value), format_func=WORDS.get, key=key)


def _dropout(value: float, key: str) -> float:
    return st.slider("Dropout", 0.0, 0.9, value, 0.05, key=key)


def _icon_button(icon: str, words: str, key: str, *, disabled: bool = False) -> bool:
    return st.button("", icon=f":material/{icon}:", help=words, key=key, type="tertiary", disabled=disabled)


def _layer_table(rows: list[LayerRow]) -> str:
    lines = "".join(
        f"<tr><td>{row.layer}<span>{row.settings}</span></td><td>{shape_text(row.output) or '—'}</td>"
        f"<td>{f'{row.parameters:,}' if row.parameters else ''}</td></tr>"
        for row in rows
    )
    return (
        '<table class="layers"><thead><tr><th>Layer</th><th>Output</th><th>Parameters</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _new_key() -> str:
    return secrets.token_hex(4)
