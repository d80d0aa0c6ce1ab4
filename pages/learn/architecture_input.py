"""What comes into the network: the picture's size and channels, how many at once, and the number type."""

from dataclasses import dataclass

import streamlit as st

from core.layers.memory import Dtype
from core.layers.shapes import Shape

LARGEST = 512  # pixels
LONGEST = 4096  # steps of a sequence
MOST_CHANNELS = 4096
BATCH = 32


@dataclass(frozen=True)
class Input:
    """All of it but the sides."""

    channels: int
    batch: int
    dtype: Dtype

    def shape(self, *sides: int) -> Shape:
        """(C, H, W), or (C, L) of a sequence, without the batch."""
        return self.channels, *sides


def choose_input(network: str, own: Shape) -> Input:
    """The controls. They start at `own`, and go there again when another `network` comes."""
    if st.session_state.setdefault("input-of", network) != network:
        st.session_state["input-of"] = network
        _bring(own)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        channels = st.number_input(
            "Channels",
            1,
            MOST_CHANNELS,
            own[0],
            key="picture_channels",
            bind="query-params",
            width=100,
            help="1 for grey pictures, 3 for RGB.",
        )
        batch = st.number_input("Batch", 1, 4096, BATCH, key="picture_batch", bind="query-params", width=100)
        dtype = st.selectbox("Numbers", list(Dtype), key="number_type", bind="query-params", width=124)
    return Input(channels, batch, dtype)


def choose_sides(own: Shape) -> tuple[int, ...]:
    """Height and width of the picture, or the length of the sequence, as `own` is one of them."""
    sides = own[1:]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        return (_length(*sides),) if len(sides) == 1 else tuple(_sides(*sides))


def _length(own: int) -> int:
    return st.slider("Length of the sequence", 1, LONGEST, own, key="sequence_length", bind="query-params")


def _sides(height: int, width: int) -> list[int]:
    room = st.container(horizontal=True, gap="small")
    rectangular = st.toggle(
        "Rectangular", height != width, key="picture_rectangular", bind="query-params", on_change=_same_sides
    )
    with room:
        if rectangular:
            rows = _pixels("Height (pixels)", "picture_height", height)
            return [rows, _pixels("Width (pixels)", "picture_width", width)]
        return [_pixels("Picture size (pixels)", "picture_side", height)] * 2


def _pixels(label: str, key: str, value: int) -> int:
    return st.slider(label, 1, LARGEST, value, key=key, bind="query-params")


def set_sides(side: int, axes: int) -> None:
    """A callback: a square picture of `side` pixels, or a sequence of `side` steps where `axes` is 1."""
    key = "picture_side" if axes == 2 else "sequence_length"
    if key not in st.session_state:  # Streamlit would leave it out of the address
        st.query_params[key] = str(side)
    _bring_sides(*(side,) * axes)


def can_be_set(side: int, axes: int) -> bool:
    """Whether the controls go as far."""
    return side <= (LARGEST if axes == 2 else LONGEST)


def _bring(shape: Shape) -> None:
    st.session_state["picture_channels"] = shape[0]
    _bring_sides(*shape[1:])


def _bring_sides(*sides: int) -> None:
    if len(sides) == 1:
        st.session_state["sequence_length"] = sides[0]
    else:
        square = sides[0] == sides[1]
        st.session_state["picture_rectangular"] = not square
        names = ("picture_side",) if square else ("picture_height", "picture_width")
        st.session_state.update(zip(names, sides, strict=False))


def _same_sides() -> None:
    """A callback: the picture stays as it was when its sides come apart, and they join at its height."""
    if st.session_state["picture_rectangular"]:
        side = st.session_state["picture_side"]
        st.session_state.update(picture_height=side, picture_width=side)
    else:
        st.session_state["picture_side"] = st.session_state["picture_height"]
