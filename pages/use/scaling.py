"""In which range the values of a picture enter a network: mean and deviation of each channel."""

from __future__ import annotations

import streamlit as st

from core.data.preprocessing import Preprocessing
from core.errors import ConfigError
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.serving.importing.onnx_description import IMAGENET_MEAN, IMAGENET_STD

OWN = "own numbers"
SCALINGS = {
    "0 to 1": ((0.0,), (1.0,)),
    "−1 to 1": ((0.5,), (0.5,)),
    "ImageNet's mean and deviation": (IMAGENET_MEAN, IMAGENET_STD),
    "0 to 255": ((0.0,), (1 / 255,)),
    "(x − 127) / 128, as EfficientNet-Lite": ((127 / 255,), (128 / 255,)),
}
CLOSE = 1e-6


def choose_scaling(
    model_id: str, before: Preprocessing | BackbonePreprocessing
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation a channel, of values from 0 to 1."""
    known = [name for name, values in SCALINGS.items() if _same(values, before)]
    chosen = st.selectbox(
        "Values that enter the network",
        [*SCALINGS, OWN],
        index=list(SCALINGS).index(known[0]) if known else len(SCALINGS),
        key=f"values-{model_id}",
        help="Pixels are 0 to 255. Networks were trained on other ranges: with the wrong one a network "
        "answers nonsense, and says so nowhere. Where you have the model from tells which is right.",
    )
    channels = len(before.mean)
    if chosen != OWN:
        mean, std = SCALINGS[chosen]
        return (_for(mean, channels), _for(std, channels))
    with st.container(horizontal=True):
        mean_text = st.text_input(
            "Mean of each channel, in 0 to 1", _said(before.mean), key=f"mean-{model_id}"
        )
        std_text = st.text_input("Deviation of each channel", _said(before.std), key=f"std-{model_id}")
    return _numbers(mean_text), _numbers(std_text)


def _same(
    values: tuple[tuple[float, ...], tuple[float, ...]], before: Preprocessing | BackbonePreprocessing
) -> bool:
    pairs = zip(values, (before.mean, before.std), strict=True)
    return all(
        abs(ours - theirs) < CLOSE
        for wanted, given in pairs
        for ours, theirs in zip(_for(wanted, len(given)), given, strict=True)
    )


def _for(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    return values if len(values) == channels else (values[0],) * channels


def _said(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(
            "That is no list of numbers.",
            expected="a number for each channel, such as 0.485, 0.456, 0.406",
            found=text[:60],
            fix="Put commas between them, and points within them.",
        ) from None
