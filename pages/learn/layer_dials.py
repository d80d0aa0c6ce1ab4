"""The sliders and switches of the layer math page, and what mends an invalid setting."""

from collections.abc import Callable
from fractions import Fraction

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.layers.memory import Dtype
from core.layers.receptive import Reach
from core.layers.shapes import Pair
from core.layers.sweep import Argument, Setting, nearest_allowed, nearest_step
from pages.learn.layer_values import DIALS, key_of, set_values

Place = tuple[Argument, int | None]  # an argument, and its axis where both have sliders of their own


class Board:
    """The sliders that stand on the page, each in a room of its own, and below them the switches."""

    def __init__(self) -> None:
        self.dials = st.container(key="dials")
        self.switches = st.container(key="switches", horizontal=True)
        self.rectangular = False
        self.rooms: dict[Place, DeltaGenerator] = {}
        self.labels: dict[Place, str] = {}

    def number(self, argument: Argument, label: str = "") -> int:
        """One slider; where there are two axes, both stand at its value."""
        return self._slider(argument, None, label or DIALS[argument].label)

    def pair(self, argument: Argument) -> Pair:
        """(rows, columns): one slider for both, or one for each."""
        label = DIALS[argument].label
        if not self.rectangular:
            value = self._slider(argument, None, label)
            return value, value
        return self._slider(argument, 0, f"{label}, rows"), self._slider(argument, 1, f"{label}, columns")

    def offer_rectangular(self) -> None:
        """The switch between one slider for both axes, and one for each."""
        self.rectangular = self.switches.toggle(
            "Rectangular",
            key="rectangular",
            help="Rows and columns each get a slider of their own.",
            bind="query-params",
            on_change=_copy_to_columns,
        )

    def switch(self, key: str, default: bool, label: str, words: str) -> bool:
        """A toggle below the sliders."""
        return self.switches.toggle(label, default, key=key, help=words, bind="query-params")

    def batch(self) -> tuple[int, Dtype]:
        """Pictures that are computed at once, and the type of their numbers."""
        words = "Pictures that go through the layer at once; parameters and MACs don't depend on it."
        batch = self.dials.slider("Batch size", 1, 256, 1, key="batch", help=words, bind="query-params")
        words = "Half as many bits take half of the memory."
        names = [str(dtype) for dtype in Dtype]
        return batch, Dtype(
            self.dials.selectbox("Number format", names, key="dtype", help=words, bind="query-params")
        )

    def before(self) -> Reach:
        """What one value of the input sees of the picture, after the layers before this one."""
        with st.expander("What came before this layer"):
            st.caption("How much of the picture one value that comes in has seen, and how far apart two are.")
            left, right = st.columns(2)
            field = left.slider("Field so far", 1, 128, 1, key="field", bind="query-params")
            stride = right.slider("Stride so far", 1, 32, 1, key="jump", bind="query-params")
        return Reach((field, field), (Fraction(stride), Fraction(stride)))

    def show_mends(self, setting: Setting) -> None:
        """Over each slider that can mend an invalid setting: the nearest value that does.

        Where no slider can do it alone, each goes as far as it can.
        """
        mends = self._mends(setting, nearest_allowed) or self._mends(setting, nearest_step)
        for (argument, axis), value in mends.items():
            dial, key = DIALS[argument], key_of(argument, axis)
            free_side = "right" if st.session_state[key] < (dial.low + dial.high) / 2 else "left"
            self.rooms[argument, axis].button(
                f"Set to {value}",
                key=f"mend_{free_side}_{key}",
                icon=":material/build:",
                type="tertiary",
                on_click=set_values,
                args=({key: value},),
            )

    def _mends(self, setting: Setting, nearest: Callable[..., int | None]) -> dict[Place, int]:
        found = {place: nearest(setting, place[0], DIALS[place[0]].values, place[1]) for place in self.rooms}
        return {place: value for place, value in found.items() if value is not None}

    def _slider(self, argument: Argument, axis: int | None, label: str) -> int:
        dial, room = DIALS[argument], self.dials.container(gap=None)
        self.rooms[argument, axis], self.labels[argument, axis] = room, label
        return room.slider(
            label,
            dial.low,
            dial.high,
            dial.default,
            key=key_of(argument, axis),
            help=dial.help,
            bind="query-params",
        )


def _copy_to_columns() -> None:
    set_values({key_of(a, 1): st.session_state[key_of(a)] for a in DIALS if key_of(a) in st.session_state})
