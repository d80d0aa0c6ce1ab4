"""What the convolution lab says beside its pictures."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.filtering.borders import Axis
from core.filtering.correlation import Sliding
from core.filtering.kernels import KernelName
from core.filtering.patterns import Pattern
from core.filtering.pooling import Pooled
from core.layers.windows import span
from pages.shared.text import count

CODE = "The code, in PyTorch"


def size_words(along: Axis) -> str:
    """How the number of outputs along an axis comes about, and what would keep the picture's size."""
    window = span(along.kernel, along.dilation)
    padded = f"{along.size} + 2 × {along.padding}" if along.padding else f"{along.size}"
    quotient = f"({padded} − {window}) ÷ {along.stride}"
    if (along.size + 2 * along.padding - window) % along.stride:
        quotient = f"⌊{quotient}⌋"
    words = f"Output size: {quotient} + 1 = {along.positions}."
    if along.dilation > 1:
        words += f" With dilation {along.dilation} the {along.kernel} taps span {window} pixels."
    if along.stride == 1 and window % 2 and along.positions != along.size:
        words += f" Padding {window // 2} would keep the size."
    if unseen := int((~along.seen).sum()):
        words += f" No window ever covers {count(unseen, 'row')}, and as many columns."
    return words


def kept_words(pooled: Pooled) -> str:
    kept, total = int(pooled.won.sum()), pooled.won.size
    words = f"Max pooling keeps {kept:,} of {total:,} pixels ({kept / total:.0%}): show only these"
    return words + (f" ({pooled.unseen:,} lie under no window)" if pooled.unseen else "")


def choose_turn(sliding: Sliding) -> Sliding:
    """Explain the difference, and let it be switched."""
    words, switch = st.columns([3, 2], gap="large")
    with words:
        st.markdown(
            "Both slide a window and sum pixel × weight. **Correlation** lays the kernel on the picture as "
            "it is written; **true convolution** turns it by 180° first. PyTorch's `Conv2d` correlates: "
            "its weights are learned, and would be learned turned just as well.  \n"
            "One white pixel tells them apart: correlation answers with the kernel upside down, convolution "
            "with the kernel itself."
        )
    with switch:
        turn = st.toggle("Turn the kernel: true convolution", key="turned", bind="query-params")
        st.button("Try it on one white pixel", icon=":material/filter_center_focus:", on_click=_one_pixel)
    return replace(sliding, true_convolution=turn)


def explain_pooling() -> None:
    st.markdown(
        "Pooling makes a map smaller, and has no weights to learn. **Max** keeps the strongest value of each "
        "window and forgets where in the window it stood and what the others were; **average** keeps a bit "
        "of each value and none of them as it was. Every channel is pooled by itself, so one is enough to "
        "look at."
    )


def explain_strip() -> None:
    st.markdown(
        "**Convolution** measures everywhere how much the picture looks like the kernel. **ReLU** keeps "
        "where it does and sets the rest to 0: without it, two convolutions in a row would be only one "
        "larger convolution. **Pooling** keeps the strongest answers on a coarser grid. A bias below 0 is "
        "a threshold: weaker answers become 0."
    )


def open_tabs(question: str, mode: str) -> Sequence[DeltaGenerator]:
    """A tab for `question` and one for the code, which is written only while it is looked at."""
    return st.tabs([question, CODE], key=f"{mode}_tab", on_change="rerun")


def show_code(code: str) -> None:
    st.caption(
        "The same numbers without the app. All settings also stand in this page's address: copy it to share."
    )
    st.code(code, language="python")


def wait_for_picture() -> None:
    with st.container(border=True):
        st.markdown(
            "**Give a picture above.** Its middle is cut out square and scaled down, so that single pixels "
            "can be pointed at. It stays on this machine."
        )


def _one_pixel() -> None:
    st.session_state["picture"] = Pattern.IMPULSE
    st.session_state["pixels"] = 9
    st.session_state["kernel"] = KernelName.EMBOSS
