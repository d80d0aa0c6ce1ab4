"""The builder of a CNN: a card a block, each with its layers' shapes and parameters."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.layers.shapes import shape_text
from core.models.cnn_config import ConvBlock, Head, HiddenLayer
from core.models.walk import LayerRow, Walk
from pages.shared.text import plain
from pages.train.block_card import activation_box, block_card, dropout_slider, icon_button
from pages.train.network_draft import Draft, new_key

HEADS = {Head.FLATTEN: "Flatten", Head.GLOBAL_AVERAGE: "Global average"}
Rooms = dict[int | None, DeltaGenerator]  # by block number; None is the head


def edit_network(draft: Draft) -> Rooms:
    """Show the controls of every part and take their values into `draft`.

    The network can be walked only when all values are in, so each card leaves room for what
    `show_layers` puts there.
    """
    rooms: Rooms = {}
    for number, key in enumerate(list(draft.blocks)):
        with st.container(border=True, key=f"card-{key}"):
            block_card(draft, key, number)
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


def _head_controls(draft: Draft) -> None:
    heads = list(Head)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        draft.head = st.selectbox(
            "From maps to a vector",
            heads,
            heads.index(draft.head),
            format_func=HEADS.get,
            key=f"head-{draft.key}",
            width=190,
            help="Flatten keeps every value of every map; global average keeps one mean a map.",
        )
        if st.button("Add a hidden layer", icon=":material/add:", key=f"add-hidden-{draft.key}"):
            draft.hidden[new_key()] = HiddenLayer(64)
            st.rerun()
    for number, key in enumerate(list(draft.hidden), 1):
        layer = draft.hidden[key]
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            width = st.number_input(
                f"Hidden layer {number}", 1, 65536, layer.width, key=f"width-{key}", width=140
            )
            with st.popover("More", icon=":material/tune:", key=f"more-{key}", type="tertiary"):
                activation = activation_box(layer.activation, f"activation-{key}")
                dropout = dropout_slider(layer.dropout, f"dropout-{key}")
            draft.hidden[key] = HiddenLayer(width, activation, dropout)
            if icon_button("delete", "Remove", f"drop-{key}"):
                del draft.hidden[key]
                st.rerun()


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
