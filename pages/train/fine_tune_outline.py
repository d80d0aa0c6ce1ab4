"""The drawing of a backbone: what trains in full colour, what stays as it is pale."""

import streamlit as st

from core.figures.stages import stages_of
from core.models.outline import Outline
from core.training.fine_tune_config import FineTuneConfig
from pages.shared.network_drawing import draw_network

WIDTH = 940  # pixels


def show_outline(outline: Outline, config: FineTuneConfig) -> None:
    trained = config.trained_blocks(len(outline.blocks))
    first = outline.first_trained_row(trained)
    with st.container(key="fine_tune_outline"):
        draw_network(outline.walk, WIDTH, key="outline", pale=frozen_volumes(outline, first))
    st.caption(_words(outline, trained))


def frozen_volumes(outline: Outline, first: int) -> list[int]:
    """The volumes of the drawing (the picture is 0) that lie before the row `first` as a whole."""
    stages = stages_of(outline.walk)
    return [number for number, stage in enumerate(stages, 1) if max(stage.rows) < first]


def _words(outline: Outline, trained: int) -> str:
    frozen = outline.blocks[: len(outline.blocks) - trained]
    share = f"{outline.trainable(trained):,} of {outline.parameters:,} parameters train"
    if not frozen:
        return f"All in colour: {share}."
    last = f"`{frozen[-1].name}`"
    return f"In colour: {share}. Pale: frozen, up to {last}, and computed once a picture."
