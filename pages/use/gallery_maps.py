"""Grad-CAM of many pictures, each beside the picture it is of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st
from PIL import Image

from core.data.thumbnails import thumbnail
from core.errors import WorkbenchError
from pages.shared.errors import show_error
from pages.use.chosen_model import ChosenModel, predictor_of
from pages.use.set_results import SetResults
from pages.use.why import OPACITY, subject_of

if TYPE_CHECKING:
    from core.insight.subject import Subject
    from core.serving.prediction import Predictor


def maps_of(results: SetResults, model: ChosenModel, rows: Sequence[int], side: int) -> dict[int, np.ndarray]:
    """For each of `rows` the map of what it is taken for, uint8 (side, side, 4), where there can be one."""
    found: dict[int, np.ndarray] = {}
    try:
        subject = subject_of(cast("Predictor", predictor_of(model)), model)
        with st.spinner("Looking where the network looks", show_time=False):
            for row in rows:
                target = int(results.opinion.guesses[row])
                received = predictor_of(model).read(results.path(row))
                found[row] = _map(subject.key, results.keys[row], target, side, subject, received)
    except WorkbenchError as error:
        show_error(error)
    return found


@st.cache_data(max_entries=500, show_spinner=False)
def _map(
    key: str, picture: str, target: int, side: int, _subject: Subject, _received: np.ndarray
) -> np.ndarray:
    from core.insight.attribution import Method, Settings, attribute
    from core.insight.grad_cam_layers import default_layer
    from core.insight.overlay import color_limit, overlay

    settings = Settings(layer=default_layer(_subject.walk))
    found = attribute(
        _subject.model,
        _subject.batch([_received]),
        target,
        Method.GRAD_CAM,
        settings,
        single_logit=_subject.single_logit,
    )
    mapped = overlay(_received, found.values, OPACITY, limit=color_limit(found))
    return thumbnail(Image.fromarray(mapped), side)
