"""One of torchvision's classification models; torch is loaded when one is asked for, and not before."""

import streamlit as st

from core.layers.shapes import MapShape, pair_text
from core.models.walk import Walk
from pages.learn.architecture_source import Choice
from pages.shared.text import plain

FIRST = "resnet18"
CODE = """\
import torch
from torchvision import models

model = models.get_model("{name}", weights=None).eval()  # weights="DEFAULT" downloads trained ones
logits = model(torch.zeros(1, {shape}))
"""
SPINNER = "Loading torchvision…"


def choose_model() -> Choice:
    names = _names()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Model", names, names.index(FIRST), key="network_model", bind="query-params", width=240
        )
        name = name or FIRST
        facts, channels = _published(name)
        st.caption(
            f"Published with its weights {plain(facts.weights)}: {facts.parameters:,} parameters, "
            f"{facts.giga_macs:.3f} billion MACs at {pair_text(facts.size)}, "
            f"{facts.accuracy:.1%} of ImageNet's pictures right at the first guess. "
            "No weights are loaded here.",
            width="stretch",
        )
    return Choice(
        name=name,
        own=(channels, *facts.size),
        walk=lambda shape: _walk(name, shape),
        memory=lambda walk, batch, dtype: _memory(name, walk.input_shape).of_batch(batch, dtype),
        slow_memory=True,
        code=lambda shape: CODE.format(name=name, shape=", ".join(map(str, shape))),
    )


@st.cache_resource(show_spinner=SPINNER)
def _names() -> tuple[str, ...]:
    from core.models.registry_build import model_names

    return model_names()


@st.cache_resource(show_spinner=SPINNER)
def _published(name: str):
    from core.models.registry_build import CHANNELS, published

    return published(name), CHANNELS


@st.cache_resource(max_entries=64, show_spinner="Walking through the model…")
def _walk(name: str, shape: MapShape) -> Walk:
    from core.models.registry import walk_model

    return walk_model(name, shape)


@st.cache_resource(max_entries=64, show_spinner="Measuring the model's memory…")
def _memory(name: str, shape: MapShape):
    from core.models.registry_memory import model_memory

    return model_memory(name, shape)
