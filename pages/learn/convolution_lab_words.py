"""What the convolution lab says beside its pictures."""

import streamlit as st

from core.filtering.borders import Axis
from core.filtering.pooling import Pooled
from core.layers.windows import span
from pages.learn.convolution_lab_choice import CONVOLUTION, POOLING, STRIP, look_at_one_pixel
from pages.shared.text import count

ABOUT = {
    CONVOLUTION: "**Correlation or convolution?** Both slide a window and sum pixel × weight. *Correlation* "
    "lays the kernel on the picture as it is written; *true convolution* turns it by 180° first. PyTorch's "
    "`Conv2d` correlates: its weights are learned, and would be learned turned just as well. One white pixel "
    "tells them apart: correlation answers with the kernel upside down, convolution with the kernel itself.",
    POOLING: "**What is thrown away?** Pooling makes a map smaller, and has no weights to learn. *Max* keeps "
    "the strongest value of each window and forgets where in it that stood and what the others were; "
    "*average* keeps a bit of each value and none as it was. Every channel is pooled by itself, so one is "
    "enough to look at.",
    STRIP: "**Why these three?** *Convolution* measures everywhere how much the picture looks like the "
    "kernel. *ReLU* keeps where it does and sets the rest to 0: without it, two convolutions in a row would "
    "be only one larger convolution. *Pooling* keeps the strongest answers on a coarser grid. A bias below "
    "0 is a threshold: weaker answers become 0.",
}


def size_words(rows: Axis, columns: Axis) -> str:
    """How the numbers of output rows and columns come about, and what would keep the picture's size."""
    if rows.kernel == columns.kernel:
        return _along("Output size", rows, "row, and as many columns", "rows, and as many columns")
    return f"{_along('Output rows', rows, 'row')} {_along('Output columns', columns, 'column')}"


def _along(name: str, axis: Axis, one: str, several: str | None = None) -> str:
    window = span(axis.kernel, axis.dilation)
    padded = f"{axis.size} + 2 × {axis.padding}" if axis.padding else f"{axis.size}"
    quotient = f"({padded} − {window}) ÷ {axis.stride}"
    if (axis.size + 2 * axis.padding - window) % axis.stride:
        quotient = f"⌊{quotient}⌋"
    words = f"{name}: {quotient} + 1 = {axis.positions}."
    if axis.dilation > 1:
        words += f" With dilation {axis.dilation} the {axis.kernel} taps span {window} pixels."
    if axis.stride == 1 and window % 2 and axis.positions != axis.size:
        words += f" Padding {window // 2} would keep the size."
    if unseen := int((~axis.seen).sum()):
        words += f" No window ever covers {count(unseen, one, several)}."
    return words


def kept_words(pooled: Pooled) -> str:
    kept, total = int(pooled.won.sum()), pooled.won.size
    words = f"Max pooling keeps {kept:,} of {total:,} pixels ({kept / total:.0%}): show only these"
    return words + (f" ({pooled.unseen:,} lie under no window)" if pooled.unseen else "")


def explain(mode: str) -> None:
    st.markdown(ABOUT[mode])


def choose_turn() -> bool:
    """Explain correlation and true convolution, and let it be switched."""
    words, switch = st.columns([3, 2], gap="large", vertical_alignment="center")
    with words:
        explain(CONVOLUTION)
    with switch:
        turned = st.toggle("Turn the kernel: true convolution", key="turned", bind="query-params")
        st.button(
            "Try it on one white pixel", icon=":material/filter_center_focus:", on_click=look_at_one_pixel
        )
    return turned


def show_code(code: str) -> None:
    """The script, which is sent only while it is looked at."""
    with st.expander("The code, in PyTorch", icon=":material/code:", key="code", on_change="rerun") as shown:
        if shown.open:
            st.caption(
                "The same numbers without the app. This page's address holds all settings: copy it to share."
            )
            st.code(code, language="python")


def wait() -> None:
    with st.container(border=True):
        st.markdown(
            "**Give a picture above.** Its middle is cut out square and scaled down, so that single pixels "
            "can be pointed at. It stays on this machine."
        )
