"""One picture closely: as given and as received, how probable each class is, and what it really is."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.thumbnails import enlarged
from core.figures.probabilities import probability_figure
from core.serving.prediction_set import give_label
from core.serving.results import NONE_OF_THESE, top_classes
from pages.shared.text import plain
from pages.use.chosen_model import ChosenModel, predictor_of
from pages.use.current_set import LOOKED_AT, look_at
from pages.use.gallery import thumbnail_of
from pages.use.set_results import SetResults
from pages.use.why import show_why

SIDE = 112  # pixels
FEW_CLASSES, MOST_CLASSES = 5, 20
UNKNOWN = "not said"
CALIBRATED = {
    True: "How sure it is was made honest with validation pictures: on pictures like those, about 80 % of "
    "answers that are 80 % sure are right.",
    False: "How sure it is was not calibrated here: networks are often too sure.",
}


def show_one(results: SetResults, model: ChosenModel) -> None:
    """The picture that was pressed last, or the first."""
    row = _row(results)
    _heading(results, row, predictor_of(model).temperature != 1)
    pictures, bars = st.columns([1, 1], gap="medium")
    with pictures:
        with st.container(horizontal=True):
            _as_given_and_received(results, row, model)
        _truth(results, row)
    with bars:
        _bars(results, row)
    show_why(model, results, row)


def _row(results: SetResults) -> int:
    position = st.session_state.get(LOOKED_AT)
    return results.positions.index(position) if position in results.positions else 0


def _heading(results: SetResults, row: int, is_calibrated: bool) -> None:
    opinion, number = results.opinion, len(results.names)
    said, sure = opinion.words[row], opinion.confidence[row]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if said == NONE_OF_THESE:
            guess = plain(opinion.classes[opinion.guesses[row]])
            st.markdown(f"### {NONE_OF_THESE.capitalize()} :gray[· else {guess}, {sure:.1%} sure]")
        else:
            st.markdown(
                f"### {plain(said)} :gray[· {sure:.1%} sure]",
                help=f"It knows only the classes that it was trained on. {CALIBRATED[is_calibrated]}",
            )
        if number > 1:
            with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
                st.caption(f"{row + 1:,} of {number:,}", width="content")
                for key, icon, step in (("before", "chevron_left", -1), ("after", "chevron_right", 1)):
                    st.button(
                        "",
                        key=key,
                        icon=f":material/{icon}:",
                        on_click=look_at,
                        args=(results.positions[(row + step) % number],),
                        help=f"The picture {key}.",
                    )
    second = results.other
    if second is not None:
        word, sure = second.words[row], second.confidence[row]
        st.markdown(f"**{plain(second.name)}** says {plain(word)} :gray[· {sure:.1%} sure]")


def _as_given_and_received(results: SetResults, row: int, model: ChosenModel) -> None:
    name, path = results.names[row], results.path(row)
    given = thumbnail_of(str(path), results.keys[row], SIDE)
    st.image(given, caption=f"as given: {plain(name)}", alt=name, output_format="PNG", width=SIDE)
    received = _received(str(path), results.keys[row], model.key, model.stamp, model)
    height, width, channels = received.shape
    colors = "grey" if channels == 1 else "RGB"
    st.image(
        enlarged(received, SIDE),
        caption=f"as received: {width} x {height}, {colors}",
        alt=f"{name} after preprocessing",
        output_format="PNG",
        width=SIDE,
    )


def _bars(results: SetResults, row: int) -> None:
    opinion = results.opinion
    most = min(len(opinion.classes), MOST_CLASSES)
    k = min(most, FEW_CLASSES)
    if most > 2:
        k = st.slider("Classes shown", 1, most, k, key="top_k")
    shares = opinion.probabilities[row]
    figure = probability_figure(opinion.classes, shares, top_classes(shares, k).tolist())
    st.plotly_chart(figure, key="probabilities", config={"displayModeBar": False})


def _truth(results: SetResults, row: int) -> None:
    """What the picture really is, if the user says so."""
    position, classes = results.positions[row], list(results.opinion.classes)
    truth = results.truths[row]
    key = f"truth_{results.pictures.id}_{position}"

    def keep() -> None:
        said = st.session_state[key]
        give_label(results.pictures.folder, position, None if said == UNKNOWN else said)

    st.selectbox(
        "What is it really?",
        [UNKNOWN, *classes],
        index=1 + classes.index(truth) if truth in classes else 0,
        key=key,
        on_change=keep,
        help="Your labels are counted below, and the pictures can join the data set.",
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _received(path: str, key: str, model_key: str, stamp: str, _model: ChosenModel) -> np.ndarray:
    from pathlib import Path

    return predictor_of(_model).read(Path(path))
