"""Why a network takes a picture for what it says: a first look, and the way to all that can be asked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from pages.look.attributing import attribution_of
from pages.look.attribution_words import empty_words, range_words
from pages.look.method import Asked
from pages.look.picture import carry
from pages.shared.errors import errors_shown
from pages.shared.page import ATTRIBUTION
from pages.shared.text import plain
from pages.use.chosen_model import ChosenModel, can_look_inside, predictor_of
from pages.use.set_results import SetResults

if TYPE_CHECKING:
    from core.insight.subject import Subject
    from core.models.walk import Walk
    from core.serving.prediction import Predictor

OPACITY, SIDE = 0.5, 240  # pixels


def show_why(model: ChosenModel, results: SetResults, row: int) -> None:
    """Grad-CAM of the picture in that row, once it is asked for."""
    if not can_look_inside(model):
        return
    why = st.expander("Why this class?", icon=":material/highlight:", key="why", on_change="rerun")
    if not why.open:
        return
    with why:
        with errors_shown():
            predictor = cast("Predictor", predictor_of(model))
            received = predictor.read(results.path(row))
            _show_map(subject_of(predictor, model), received, int(results.opinion.guesses[row]))
        if st.button("Ask more", icon=":material/arrow_forward:", help="Other classes, methods and layers."):
            carry(results.names[row], results.path(row).read_bytes())
            st.switch_page(ATTRIBUTION, query_params={"network": model.key})


def subject_of(predictor: Predictor, model: ChosenModel) -> Subject:
    """The network that has predicted, to be looked into: in memory once for both."""
    from core.insight.subject import Subject

    key = f"{model.key}/{model.stamp}"
    return Subject(
        key,
        model.name,
        predictor.model,
        predictor.preprocessing,
        predictor.classes,
        predictor.saved.single_logit,
        _walk(key, predictor),
    )


def _show_map(subject: Subject, received: np.ndarray, guess: int) -> None:
    from core.insight.overlay import color_limit, overlay

    asked = _asked(subject, received, guess)
    found = attribution_of(subject, received, asked)
    name = subject.classes[guess]
    if found.is_empty:
        st.info(empty_words(name, found), icon=":material/visibility_off:")
        return
    shown, words = st.columns([2, 3], gap="medium")
    picture = overlay(received, found.values, OPACITY, limit=color_limit(found))
    shown.image(picture, alt=f"Grad-CAM of {name}", width=SIDE, output_format="PNG")
    words.markdown(
        f"Orange is what speaks for **{plain(name)}**, by Grad-CAM at the layer "
        f"{plain(asked.settings.layer)}: raw values from {range_words(found)}. It tells where the network "
        "looks, not whether it is right."
    )


def _asked(subject: Subject, received: np.ndarray, guess: int) -> Asked:
    from core.insight.attribution import Method, Settings
    from core.insight.grad_cam_layers import default_layer

    settings = Settings(layer=default_layer(subject.walk))
    picture = hashlib.sha256(received).hexdigest()
    return Asked(f"attribution {subject.key} {picture} {guess} {settings}", guess, Method.GRAD_CAM, settings)


@st.cache_resource(max_entries=8, show_spinner=False)
def _walk(key: str, _predictor: Predictor) -> Walk:
    return _predictor.walk
