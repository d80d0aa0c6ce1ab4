from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.errors import InsightError
from core.insight.overlay import color_limit, overlay, png_bytes
from core.workspace import Workspace, open_workspace
from pages.look.attributing import attribution_of, is_quick, random_attribution_of
from pages.look.codes import show_attribution_code
from pages.look.method import Asked, choose_class, choose_method
from pages.look.network import Network, choose_network, subject_of
from pages.look.picture import choose_picture
from pages.shared.errors import errors_shown, show_error
from pages.shared.page import open_page
from pages.shared.text import plain

if TYPE_CHECKING:
    from core.insight.attribution import Attribution
    from core.insight.subject import Subject

ABOUT_CHECK = (
    "A map that hardly changes when the weights are drawn at random shows the picture, and not what the "
    "network has learned (Adebayo et al. 2018)."
)
ALIKE = 0.5  # rank correlation from which two maps show the same
FIRST_OPACITY = 0.5
TWO, THREE = 262, 164  # pixels that a picture is wide, of so many


def ask(workspace: Workspace) -> None:
    """What is to be explained at the left, and the answer beside it."""
    choices, answer = st.columns([5, 8], gap="large")
    with choices:
        network = choose_network(workspace)
        given = choose_picture(workspace, network.run if network else None)
        if network is None:
            return
        subject = subject_of(workspace, network)
    if given is None:
        answer.info(
            "Give a picture, and what speaks for a class in it is shown here.", icon=":material/image:"
        )
        return
    received = subject.read(given.source)
    with choices:
        target, share = choose_class(subject, given, received)
        try:
            asked = choose_method(subject, given, target)
        except InsightError as why_not:
            asked = None
            error = why_not
    with answer:
        if asked is None:
            show_error(error)
        else:
            show_answer(network, subject, received, asked, share)


def show_answer(network: Network, subject: Subject, received: np.ndarray, asked: Asked, share: float) -> None:
    name = subject.classes[asked.target]
    st.markdown(f"### {plain(name)} :gray[· {share:.1%} sure]")
    if not (is_quick(subject, asked) or st.session_state.get(asked.key)):
        st.button("Compute", type="primary", on_click=wish, args=(asked,), key="compute")
        st.caption(f"{asked.method} sends the picture through this network many times: that takes a while.")
        return
    found = attribution_of(subject, received, asked)
    show_found(subject, received, asked, found)
    show_attribution_code(network, subject, asked)


def wish(asked: Asked) -> None:
    st.session_state[asked.key] = True


@st.fragment
def show_found(subject: Subject, received: np.ndarray, asked: Asked, found: Attribution) -> None:
    """The picture and the map over it; the slider and the check run nothing else again."""
    from core.insight.randomized import similarity

    with st.container(horizontal=True, vertical_alignment="bottom"):
        opacity = st.slider(
            "Colour over the picture", 0.0, 1.0, FIRST_OPACITY, 0.05, key="opacity", width=300
        )
        check = st.toggle("Beside random weights", key="sanity", help=ABOUT_CHECK)
    if found.is_empty:
        st.info(empty_words(subject, found), icon=":material/visibility_off:")
    limit = color_limit(found)
    picture = overlay(received, found.values, opacity, limit=limit)
    shown = {
        "the picture, as the network receives it": enlarged_to(received, picture),
        f"{asked.method}: {range_words(found)}": picture,
    }
    if check:
        random = random_attribution_of(subject, received, asked)
        alike = similarity(found.values, random.values)
        shown[f"random weights: {range_words(random)}"] = overlay(
            received, random.values, opacity, limit=color_limit(random)
        )
    with st.container(horizontal=True):
        for caption, image in shown.items():
            st.image(image, caption=caption, width=THREE if check else TWO, output_format="PNG")
    if check:
        st.markdown(alike_words(alike))
    st.caption(what_it_says(found))
    st.download_button(
        "Download as PNG",
        lambda: png_bytes(picture),
        file_name=f"{asked.method.lower().replace(' ', '-')}.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
    )


def enlarged_to(received: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The picture in its own colours, as large as `like`."""
    times = len(like) // len(received)
    large = received.repeat(times, 0).repeat(times, 1)
    return large[:, :, 0] if large.shape[2] == 1 else large


def range_words(found: Attribution) -> str:
    return f"{found.low:.3g} to {found.high:.3g}"


def empty_words(subject: Subject, found: Attribution) -> str:
    name = plain(subject.classes[found.target])
    if found.coarse is None:
        return f"This map is empty: no pixel changes the score of {name} at all."
    return (
        f"This map is empty: no positive evidence for {name} here. The layer's values, from "
        f"{found.coarse.min():.3g} to {found.coarse.max():.3g}, all speak against it, and Grad-CAM leaves "
        "those out."
    )


def alike_words(alike: float | None) -> str:
    if alike is None:
        return "One of the two maps is the same everywhere, so they can't be compared."
    verdict = (
        "The map depends on what the network has learned."
        if alike < ALIKE
        else "The map hardly depends on what the network has learned: it shows the picture, not the reasons."
    )
    words = f"Rank correlation with the map of random weights: {alike:.2f}"
    return f"**{words}** (1: the same order of pixels). {verdict}"


def what_it_says(found: Attribution) -> str:
    """The raw numbers behind the colours, and what is to be known of the method."""
    limit, lines = color_limit(found), [f"The score, before softmax, is {found.score:.4g}."]
    beyond = float((np.abs(found.values) > limit).mean())
    rest = f", and {beyond:.1%} of the pixels are beyond" if beyond else ", the largest absolute value"
    lines.append(f"Colours reach to {limit:.3g}{rest}.")
    if found.coarse is not None:
        rows, columns = found.coarse.shape
        lines.append(f"The map itself has {rows} x {columns} values; it is enlarged smoothly.")
    if found.gap is not None and found.baseline_score is not None:
        rise = found.score - found.baseline_score
        lines.append(
            f"The values should add up to the rise of the score from the baseline, {rise:.4g}; they miss it "
            f"by {found.gap:.2g}."
        )
    if found.note:
        lines.append(found.note)
    return " ".join(lines)


open_page(
    "Attribution",
    "Why this class? See which parts of a picture speak for it, by four methods, with their raw numbers.",
)
with errors_shown():
    ask(open_workspace())
