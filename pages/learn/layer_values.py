"""The settings of the layer math page: their ranges and defaults, and how a callback changes them."""

from dataclasses import dataclass

import streamlit as st

from core.layers.sweep import Argument

Values = dict[str, int | bool | str]  # of controls, by their keys, which are their names in the address


@dataclass(frozen=True)
class Dial:
    """A slider from `low` to `high`, both counted."""

    label: str
    low: int
    high: int
    default: int
    help: str

    @property
    def values(self) -> range:
        return range(self.low, self.high + 1)


# The ranges are the same for every layer: what is set stays set when the layer changes.
DIALS = {
    Argument.IN_CHANNELS: Dial(
        "Input channels", 1, 2048, 3, "Maps that come in: 1 for grey pictures, 3 for colour."
    ),
    Argument.SIZE: Dial("Input size", 1, 256, 12, "Pixels of a side of each map that comes in."),
    Argument.OUT_CHANNELS: Dial("Output channels", 1, 2048, 16, "Maps that go out: each has its own filter."),
    Argument.KERNEL: Dial("Kernel", 1, 15, 3, "Pixels of a side of the window."),
    Argument.STRIDE: Dial("Stride", 1, 8, 1, "Pixels that the window moves from one position to the next."),
    Argument.PADDING: Dial(
        "Padding", 0, 8, 0, "Pixels on each side of the map; a transposed convolution cuts off as many."
    ),
    Argument.DILATION: Dial("Dilation", 1, 6, 1, "Pixels from one weight of the window to the next."),
    Argument.GROUPS: Dial(
        "Groups", 1, 64, 1, "Parts that the channels are cut into; a filter sees only its own part."
    ),
    Argument.OUTPUT_PADDING: Dial(
        "Output padding", 0, 7, 0, "Pixels added at the right and bottom of the output."
    ),
    Argument.OUTPUT: Dial("Output size", 1, 32, 1, "Pixels of a side that each map is brought to."),
}


def key_of(argument: Argument, axis: int | None = None) -> str:
    """The slider's key and its name in the address; rows share theirs with both axes together."""
    return f"{argument}_w" if axis == 1 else str(argument)


DEFAULTS: Values = {
    **{key_of(argument): dial.default for argument, dial in DIALS.items()},
    **{key_of(argument, 1): dial.default for argument, dial in DIALS.items()},
    "rectangular": False,
    "padding_kind": "number",
    "padding_mode": "zeros",
    "bias": True,
    "ceil_mode": False,
    "count_include_pad": True,
    "affine": True,
}


def set_values(values: Values) -> None:
    """Change settings; for callbacks.

    Streamlit writes a control's value into the address only if it has shown the control before: where it has
    not, that is done here.
    """
    for key, value in values.items():
        if key not in st.session_state and value != DEFAULTS.get(key):
            st.query_params[key] = str(value).lower() if isinstance(value, bool) else str(value)
        st.session_state[key] = value
