"""What the form begins with: a preset, or the network and pictures of the run that it starts from."""

from dataclasses import dataclass, replace

import streamlit as st

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.cnn_config import CnnConfig
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.training.suggestion import suggest_color, suggest_side
from pages.train.source_run import FROM_RUN, PRESET, Source

SIZES = (8, 16, 24, 28, 32, 48, 64, 80, 96, 100, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512)
COLORS = {ColorMode.GREY: "Grey", ColorMode.RGB: "RGB"}
RESIZES = {Resize.STRETCH: "stretch", Resize.CROP: "crop the middle", Resize.PAD: "pad with black"}


@dataclass(frozen=True)
class StartingPoint:
    """`key` tells it from others, `run_name` is what a run from it is called at first."""

    key: str
    network: CnnConfig
    pictures: Preprocessing
    run_name: str


def choose_kind(source: Source | None) -> str:
    """A preset's key, or `FROM_RUN`; call it beside the data set."""
    names = {key: preset.name for key, preset in PRESETS.items()}
    if source is not None:
        names[FROM_RUN] = f"The network of {source.config.name}"
    if st.session_state.get(PRESET) not in names:
        st.session_state[PRESET] = DEFAULT_PRESET
    return st.selectbox(
        "Start from",
        list(names),
        format_func=names.__getitem__,
        key=PRESET,
        persist_state="session",
        on_change=lambda: st.session_state.pop("draft", None),
    )


def starting_point(kind: str, source: Source | None, dataset: Dataset) -> StartingPoint:
    if kind == FROM_RUN and source is not None:
        config = source.config
        return StartingPoint(
            f"{source.run.id}-{dataset.id}", config.cnn, config.preprocessing, f"After {config.name}"
        )
    preset = PRESETS[kind]
    side = suggest_side(dataset, preset)
    pictures = Preprocessing.of((side, side), suggest_color(dataset))
    return StartingPoint(f"{kind}-{dataset.id}", preset.config, pictures, f"{preset.name} on {dataset.name}")


def choose_pictures(start: StartingPoint) -> Preprocessing:
    """Picture size, colours and resizing; a new starting point or data set brings its own."""
    given = start.pictures
    side = st.select_slider(
        "Picture size (pixels)",
        sorted({*SIZES, given.height}),
        given.height,
        key=f"size-{start.key}",
        persist_state="session",
    )
    colors = list(COLORS)
    chosen = st.segmented_control(
        "Colours",
        colors,
        default=given.color,
        format_func=COLORS.get,
        key=f"color-{start.key}",
        persist_state="session",
        required=True,
    )
    resize = st.selectbox(
        "Other shapes", list(RESIZES), format_func=RESIZES.get, key="resize", persist_state="session"
    )
    if chosen in (None, given.color):
        return replace(given, height=side, width=side, resize=resize)
    return Preprocessing.of((side, side), chosen, resize=resize)
