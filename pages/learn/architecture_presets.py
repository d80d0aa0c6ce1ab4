"""A network of the presets, for a number of classes."""

import streamlit as st

from core.models.cnn_walk import walk
from core.models.code import model_source
from core.models.presets import DEFAULT_PRESET, PRESETS
from pages.learn.architecture_source import Choice

CLASSES = 10


def choose_preset() -> Choice:
    presets = list(PRESETS)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = st.selectbox(
            "Preset",
            presets,
            presets.index(DEFAULT_PRESET),
            format_func=lambda key: PRESETS[key].name,
            key="network_preset",
            bind="query-params",
            width=240,
        )
        classes = st.number_input(
            "Classes", 1, 10_000, CLASSES, key="network_classes", bind="query-params", width=110
        )
        preset = PRESETS[key or DEFAULT_PRESET]
        st.caption(preset.words, width="stretch")
    return Choice(
        name=preset.name,
        own=(preset.color.channels, *preset.size),
        walk=lambda shape: walk(preset.config, shape, classes),
        code=lambda shape: model_source(preset.config, shape, classes),
        editable=True,
    )
