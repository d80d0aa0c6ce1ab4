from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.insight.overlay import color_limit, overlay, png_bytes
from core.workspace import Workspace, open_workspace
from pages.look.attributing import attribution_of, is_quick, passes, random_attribution_of
from pages.look.attribution_words import alike_words, empty_words, range_words, what_it_says
from pages.look.codes import show_attribution_code
from pages.look.method import Asked, choose_class, choose_method
from pages.look.network import Network, choose_network, subject_of
from pages.look.picture import choose_picture
from pages.shared.errors import errors_shown
from pages.shared.page import open_page
from pages.shared.text import count, plain

if TYPE_CHECKING:
    from core.insight.attribution import Attribution
    from core.insight.subject import Subject

ABOUT_CHECK = (
    "A map that hardly changes when the weights are drawn at random shows the picture, and not what the "
    "network has learned (Adebayo et al. 2018)."
)
FIRST_OPACITY = 0.5
TWO, THREE = 262, 164  # pixels that a picture is wide, of so many


def ask(workspace: Workspace) -> None:
    """What is to be explained at the left, and the answer, or why there is none, beside it."""
    choices, answer = st.columns([5, 8], gap="large")
    with answer, errors_shown():
        with choices:
            network = choose_network(workspace)
            given = choose_picture(workspace, network.run if network else None)
        if network is None:
            return
        if given is None:
            st.info(
                "Give a picture, and what speaks for a class in it is shown here.", icon=":material/image:"
            )
            return
        subject = subject_of(workspace, network)
        received = subject.read(given.source)
        with choices:
            target, share = choose_class(subject, given, received)
            asked = choose_method(subject, given, target)
        show_answer(network, subject, received, asked, share)


def show_answer(network: Network, subject: Subject, received: np.ndarray, asked: Asked, share: float) -> None:
    name = subject.classes[asked.target]
    probability = f" :gray[· probability {share:.1%}]" if isfinite(share) else ""
    st.markdown(f"### {plain(name)}{probability}")
    if is_quick(subject, asked) or st.session_state.get(asked.key):
        found = attribution_of(subject, received, asked)
        show_found(network, received, asked, found, name)
        show_attribution_code(network, subject, asked)
        return
    with st.container():
        st.button("Compute", type="primary", on_click=wish, args=(asked,), key="compute")
        number, macs = count(passes(subject, asked), "pass", "passes"), subject.walk.macs / 1e9
        st.caption(
            f"{asked.method} takes {number} through this network, of {macs:.2g} billion multiply-adds each."
        )


def wish(asked: Asked) -> None:
    st.session_state[asked.key] = True


@st.fragment
def show_found(network: Network, received: np.ndarray, asked: Asked, found: Attribution, name: str) -> None:
    """The picture and the map over it; the slider and the check run nothing else again.

    Streamlit keeps what a fragment is given, so the network itself is not: it is in memory once for all.
    """
    from core.insight.randomized import similarity

    with st.container(horizontal=True, vertical_alignment="bottom"):
        opacity = st.slider(
            "Colour over the picture", 0.0, 1.0, FIRST_OPACITY, 0.05, key="opacity", width=300
        )
        check = st.toggle("Beside random weights", key="sanity", help=ABOUT_CHECK)
    if found.is_empty:
        st.info(empty_words(name, found), icon=":material/visibility_off:")
    picture = overlay(received, found.values, opacity, limit=color_limit(found))
    width, random = THREE if check else TWO, None
    with st.container(horizontal=True):
        show_picture(enlarged_to(received, picture), "the picture, as the network receives it", width)
        show_picture(picture, f"{asked.method}: {range_words(found)}", width)
        if check:
            with st.container(width=width), errors_shown():
                random = random_attribution_of(subject_of(open_workspace(), network), received, asked)
                over = overlay(received, random.values, opacity, limit=color_limit(random))
                show_picture(over, f"random weights: {range_words(random)}", width)
    if random is not None:
        st.markdown(alike_words(similarity(found.values, random.values)))
    st.caption(what_it_says(found))
    st.download_button(
        "Download as PNG",
        lambda: png_bytes(picture),
        file_name=f"{asked.method.lower().replace(' ', '-')}.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
    )


def show_picture(picture: np.ndarray, caption: str, width: int) -> None:
    st.image(picture, caption=caption, alt=caption, width=width, output_format="PNG")


def enlarged_to(received: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The picture in its own colours, as large as `like`."""
    times = len(like) // len(received)
    large = received.repeat(times, 0).repeat(times, 1)
    return large[:, :, 0] if large.shape[2] == 1 else large


open_page(
    "Attribution",
    "Why this class? See which parts of a picture speak for it, by four methods, with their raw numbers.",
)
with errors_shown():
    ask(open_workspace())
