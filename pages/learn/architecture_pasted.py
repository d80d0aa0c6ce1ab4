"""PyTorch code that the user pastes: it is read, and never executed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.errors import CodeRefused, ConfigError
from core.layers.shapes import MapShape, Shape
from core.links import pack, unpack
from core.models.pasted.network import PastedNetwork, read_network
from core.models.walk import Walk
from pages.learn.architecture_source import Choice
from pages.shared.page import ASSETS
from pages.shared.text import plain

PASTED = "Paste code"  # the name of this source
HEIGHT = 340  # pixels
LENGTH = 128  # steps of a sequence


@dataclass(frozen=True)
class Example:
    file: str
    shape: MapShape  # the picture (C, H, W) to try it with

    @property
    def code(self) -> str:
        return (ASSETS / "examples" / self.file).read_text(encoding="utf-8")


EXAMPLES = {
    "The lecture's CNN": Example("lecture_cnn.py", (1, 256, 256)),
    "A small ResNet": Example("small_resnet.py", (3, 32, 32)),
    "One that doesn't fit": Example("broken_cnn.py", (3, 32, 32)),
}
FIRST = EXAMPLES["The lecture's CNN"]


def choose_pasted() -> Choice:
    """The editor; the address holds the code, as far as it is short enough for one."""
    st.session_state.setdefault("pasted", _linked_code())
    shape = st.session_state.setdefault("pasted-for", FIRST.shape)
    code = st.text_area(
        "An nn.Sequential(...), or nn.Module classes",
        key="pasted",
        height=HEIGHT,
        persist_state="session",
        help="It is read, never run. Press Ctrl + Enter when you have changed it.",
    )
    st.menu_button(
        "Take an example",
        list(EXAMPLES),
        icon=":material/content_paste:",
        key="take-example",
        on_click=_take_example,
    )
    _link(code)

    try:
        network = _choose_network(code)
    except CodeRefused as refused:
        return Choice(f"pasted for {shape}", shape, walk=_refuse(refused))
    for note in network.notes:
        st.caption(plain(note))
    channels, axes = _taken_by(code, network.name)
    own = (channels or shape[0], *(shape[1:] if axes == 2 else (LENGTH,)))
    return Choice(
        f"pasted for {own}",
        own,
        walk=network.walk,
        fitting=network.fitting_sides,
        show_rows=partial(_show_unused, network),
    )


def _choose_network(code: str) -> PastedNetwork:
    network = _read(code)
    if len(network.names) == 1:
        return network
    names = list(network.names)
    name = st.selectbox("Network", names, names.index(network.name), key="network_name", bind="query-params")
    return _read(code, name)


@st.cache_resource(max_entries=32, show_spinner=False)
def _read(code: str, name: str | None = None) -> PastedNetwork:
    return read_network(code, name)


@st.cache_data(max_entries=32, show_spinner=False)
def _taken_by(code: str, name: str) -> tuple[int | None, int]:
    """The channels that the network wants, and the axes of a picture or a sequence."""
    network = _read(code, name)
    return network.in_channels, network.axes


def _show_unused(network: PastedNetwork, walk: Walk) -> None:
    """Layers that are made and never called, which the walk leaves out."""
    unused = network.unused(walk) if walk.problem is None else {}
    if unused:
        st.caption(
            f"Never called in forward: {plain(', '.join(unused))}. PyTorch holds their parameters all the "
            f"same: {walk.parameters + sum(unused.values()):,} in all."
        )


def continue_as_code(code: str, shape: MapShape) -> None:
    """A callback: the network that is shown goes on as text, on the same pictures."""
    st.session_state["network_source"] = PASTED
    _put(code, shape)


def _linked_code() -> str:
    try:
        return unpack(st.query_params["code"]) if "code" in st.query_params else FIRST.code
    except ConfigError:
        return FIRST.code


def _take_example() -> None:
    example = EXAMPLES[st.session_state["take-example"]]
    _put(example.code, example.shape)


def _put(code: str, shape: MapShape) -> None:
    st.session_state["pasted"], st.session_state["pasted-for"] = code, shape


def _link(code: str) -> None:
    packed = pack(code) if code != FIRST.code else ""
    if packed:
        st.query_params["code"] = packed
    else:
        st.query_params.pop("code", None)
    if packed is None:
        st.caption("The code is too long for a link: the address leaves it out.")


def _refuse(refused: CodeRefused) -> Callable[[Shape], Walk]:
    def walk(shape: Shape) -> Walk:
        raise refused

    return walk
