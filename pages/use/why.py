"""Why a network takes a picture for what it says: a first look, and the way to all that can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.runs.store import Run
from core.serving.picture_files import FilePredictions, PictureFile
from pages.look.picture import carry
from pages.shared.errors import errors_shown
from pages.shared.page import ATTRIBUTION
from pages.shared.text import plain

if TYPE_CHECKING:
    from core.serving.prediction import Predictor

OPACITY, SIDE = 0.5, 240  # pixels


def show_why(
    predictor: Predictor,
    predictions: FilePredictions,
    chosen: int,
    files: Sequence[PictureFile],
    run: Run,
) -> None:
    """Grad-CAM of the picture at `chosen`, once it is asked for."""
    why = st.expander("Why this class?", icon=":material/highlight:", key="why", on_change="rerun")
    if not why.open:
        return
    with why:
        with errors_shown():
            _show_map(predictor, predictions.received[chosen], int(predictions.predicted[chosen]))
        if st.button("Ask more", icon=":material/arrow_forward:", help="Other classes, methods and layers."):
            file = files[predictions.positions[chosen]]
            carry(file.name, _content(file))
            st.switch_page(ATTRIBUTION, query_params={"network": f"run.{run.id}"})


def _show_map(predictor: Predictor, received: np.ndarray, guess: int) -> None:
    from core.insight.attribution import Method, Settings, attribute
    from core.insight.grad_cam_layers import default_layer
    from core.insight.overlay import overlay

    saved = predictor.saved
    layer = default_layer(predictor.walk)
    found = attribute(
        predictor.model,
        predictor.batch([received]),
        guess,
        Method.GRAD_CAM,
        Settings(layer=layer),
        single_logit=saved.single_logit,
    )
    name = plain(predictor.classes[guess])
    if found.is_empty:
        st.info(f"No place speaks for {name} more than against it.", icon=":material/visibility_off:")
        return
    shown, words = st.columns([2, 3], gap="medium")
    shown.image(overlay(received, found.values, OPACITY), width=SIDE, output_format="PNG")
    words.markdown(
        f"Orange is what speaks for **{name}**, by Grad-CAM at the layer {plain(layer)}: raw values from "
        f"{found.low:.3g} to {found.high:.3g}. It tells where the network looks, not whether it is right."
    )


def _content(file: PictureFile) -> bytes:
    if isinstance(file.source, Path):
        return file.source.read_bytes()
    if isinstance(file.source, bytes):
        return file.source
    file.source.seek(0)
    return file.source.read()
