"""PyTorch code that the user pastes: it is read, and never executed."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import CodeRefused, ConfigError
from core.layers.shapes import MapShape, Shape
from core.links import pack, unpack
from core.models.pasted.network import read_network
from core.models.walk import Walk
from pages.learn.architecture_source import Choice
from pages.shared.page import ASSETS
from pages.shared.text import plain

PASTED = "Paste code"  # the name of this source
HEIGHT = 340  # pixels


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
        network = read_network(code)
    except CodeRefused as refused:
        return Choice(f"pasted for {shape}", shape, walk=_refuse(refused))
    for note in network.notes:
        st.caption(plain(note))
    channels = network.in_channels or shape[0]
    return Choice(f"pasted for {shape}, {channels}", (channels, *shape[1:]), walk=network.walk)


def continue_as_code(code: str, shape: MapShape) -> None:
    """A callback: the network that is shown goes on as text, on the same pictures."""
    st.session_state["source"] = PASTED
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
