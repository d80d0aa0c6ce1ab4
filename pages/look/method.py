"""The class that is asked about, the method that answers, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.look.picture import Given
from pages.shared.text import plain

if TYPE_CHECKING:
    from core.insight.attribution import Method, Settings
    from core.insight.subject import Subject


ABOUT = (
    "Grad-CAM: which places of the last maps speak for the class. Guided backpropagation: which pixels raise "
    "its score, through ReLUs that were open. Integrated gradients: how much of the score each pixel brings "
    "in, from an empty picture to this one. Occlusion: how far the score falls when a window is covered."
)
ABOUT_LAYER = "Late layers know what a class is, and only roughly where; early ones the other way round."
WIDTH = 155  # pixels of a setting: two stand beside each other


@dataclass(frozen=True)
class Asked:
    """`key` tells the question from all others."""

    key: str
    target: int
    method: Method
    settings: Settings


def choose_class(subject: Subject, given: Given, received: np.ndarray) -> tuple[int, float]:
    """A class and its probability; the most probable one first."""
    shares = _shares(f"{subject.key} {given.key}", subject, received)
    order = np.argsort(-shares, kind="stable").tolist()
    # Streamlit keeps the function that words a choice, so that one must not hold the network.
    words = [f"{name}  ·  {share:.1%}" for name, share in zip(subject.classes, shares, strict=True)]
    target = st.selectbox(
        "Class",
        order,
        format_func=words.__getitem__,
        key=f"class {subject.key} {given.key}",
    )
    if given.label is not None and given.label in subject.classes:
        st.caption(f"Its true class is {plain(given.label)}.")
    return int(target), float(shares[target])


def choose_method(subject: Subject, given: Given, target: int) -> Asked:
    """A method with its settings.

    Raises:
        InsightError: Grad-CAM is asked for, and this network has no map for it.
    """
    from core.insight.attribution import Method, Settings
    from core.insight.baseline import Baseline, black_of
    from core.insight.grad_cam_layers import default_layer, grad_cam_layers

    method = st.selectbox("Method", list(Method), key="method", bind="query-params", help=ABOUT)
    black = black_of(subject.receives)
    settings = Settings(black=black)
    if method == Method.GRAD_CAM:
        layers = grad_cam_layers(subject.walk)
        first = layers.index(default_layer(subject.walk))
        layer = st.selectbox("Layer", layers, first, key=f"cam {subject.key}", help=ABOUT_LAYER)
        settings = Settings(layer=layer, black=black)
    elif method == Method.INTEGRATED:
        with st.container(horizontal=True):
            baseline = st.selectbox("From", list(Baseline), key="baseline", width=WIDTH)
            steps = st.select_slider("Steps", (10, 20, 50, 100, 200), 50, key="steps", width=WIDTH)
        settings = Settings(baseline=Baseline(baseline), steps=steps, black=black)
    elif method == Method.OCCLUSION:
        side = min(subject.walk.input_shape[1:])
        with st.container(horizontal=True):
            cover = st.selectbox("Covered with", list(Baseline), 1, key="cover", width=WIDTH)
            largest = max(2, side // 2)
            window = st.slider(
                "Window, pixels", 1, largest, max(1, side // 8), key=f"cover of {side}", width=WIDTH
            )
        settings = Settings(cover=Baseline(cover), window=window, black=black)
    key = f"attribution {subject.key} {given.key} {target} {method} {settings}"
    return Asked(key, target, Method(method), settings)


@st.cache_data(max_entries=64, show_spinner=False)
def _shares(key: str, _subject: Subject, _received: np.ndarray) -> np.ndarray:
    """Probabilities (K,) of all classes."""
    import torch

    with torch.inference_mode():
        logits = _subject.model(_subject.batch([_received]))
        if _subject.single_logit:
            second = torch.sigmoid(logits)[0, 0]
            return torch.stack([1 - second, second]).numpy()
        return torch.softmax(logits, 1)[0].numpy()
