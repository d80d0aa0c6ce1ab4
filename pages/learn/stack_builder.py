"""A network built by hand: the list of its layers, and the settings of the one chosen."""

from collections.abc import Callable, Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ConfigError
from core.layers.describe import layer_name
from core.models.stack import stack_source, walk_layers
from core.models.stack_text import MOST_LAYERS, read_stack, stack_text
from core.models.walk import Walk
from pages.learn.architecture_source import Choice
from pages.learn.layer_settings import edit_layer
from pages.learn.stack_draft import StackDraft
from pages.shared.text import plain

LECTURE = "conv3-k3-p1.relu.max2.conv2-k3-p1.relu.max2.flatten.linear1"
OWN = (1, 100, 100)
NEW = {
    "Conv2d": "conv16-k3-p1",
    "MaxPool2d": "max2",
    "AvgPool2d": "avg2",
    "AdaptiveAvgPool2d": "adaptive1",
    "ConvTranspose2d": "transposed16-k2-s2",
    "BatchNorm2d": "norm",
    "Activation": "relu",
    "Dropout": "dropout25",
    "Flatten": "flatten",
    "Linear": "linear10",
}


def choose_stack() -> Choice:
    """The editor; the address holds the layers, so that a link brings them along."""
    draft = st.session_state.setdefault("stack-draft", _linked_draft())
    room = st.container(height=226, key="layer-list")
    _buttons(draft)
    if draft.chosen is not None:
        draft.layers[draft.chosen] = edit_layer(draft.chosen, draft.layers[draft.chosen])
    layers = tuple(draft.layers.values())
    st.query_params["stack"] = stack_text(layers)
    return Choice(
        name="stack",
        own=OWN,
        walk=lambda shape: walk_layers(layers, shape),
        code=lambda shape: stack_source(layers, shape),
        editable=True,
        show_rows=lambda walk: _show_list(draft, walk, room),
        shows_rows=True,
    )


def _linked_draft() -> StackDraft:
    try:
        return StackDraft.of(read_stack(st.query_params.get("stack", LECTURE)))
    except ConfigError:
        return StackDraft.of(read_stack(LECTURE))


def _buttons(draft: StackDraft) -> None:
    """The buttons act before the page runs again, so that all of it shows what they did."""
    none, last = draft.chosen is None, len(draft.layers) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.menu_button(
            "Add a layer",
            list(NEW),
            icon=":material/add:",
            key="add-layer",
            on_click=lambda: draft.insert(*read_stack(NEW[st.session_state["add-layer"]])),
            disabled=len(draft.layers) >= MOST_LAYERS,
        )
        _icon_button("arrow_upward", "Move up", none or draft.place == 0, lambda: draft.move(-1))
        _icon_button("arrow_downward", "Move down", none or draft.place == last, lambda: draft.move(1))
        _icon_button("content_copy", "Duplicate", none or last + 1 >= MOST_LAYERS, draft.duplicate)
        _icon_button("delete", "Remove", none, draft.remove)


def _icon_button(icon: str, words: str, disabled: bool, act: Callable[[], None]) -> None:
    st.button(
        "",
        icon=f":material/{icon}:",
        help=words,
        key=f"stack-{icon}",
        type="tertiary",
        disabled=disabled,
        on_click=act,
    )


def _show_list(draft: StackDraft, walk: Walk, room: DeltaGenerator) -> None:
    """The layers with what each puts out; choosing one brings up its settings."""
    if not draft.layers:
        room.caption("No layer yet: add the first one below.")
        return
    labels = dict(zip(draft.layers, _labels(draft, walk), strict=True))
    st.session_state["stack-layer"] = draft.chosen
    room.radio(
        "Layers",
        list(draft.layers),
        format_func=labels.get,
        key="stack-layer",
        on_change=lambda: draft.choose(st.session_state["stack-layer"]),
        label_visibility="collapsed",
    )


def _labels(draft: StackDraft, walk: Walk) -> Iterator[str]:
    for number, layer in enumerate(draft.layers.values()):
        name = f"{number + 1}\\. **{layer_name(layer)}**"
        if number >= len(walk.rows):
            yield f"{name} :gray[not reached]"
        elif walk.rows[number].problem:
            yield f"{name} {plain(walk.rows[number].settings)} :red[can't be built]"
        else:
            row = walk.rows[number]
            tight = "×".join(str(side) for side in row.output)
            yield f"{name} {plain(row.settings)} :gray[→ {tight}]"
