"""The augmentation settings, and what they make of real pictures of the data set."""

import numpy as np
import streamlit as st

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.decoding import open_picture
from core.data.receives import Receives
from core.data.splitting import Split
from pages.shared.errors import errors_shown

PICTURES, VIEWS = 3, 5
RGB = 3  # channels
SHOWN_WIDTH = 78  # pixels


def edit_augmentation(dataset: Dataset, split: Split, preprocessing: Receives) -> Augmentation:
    """Show the controls and a live preview; the settings that the controls say."""
    left, right = st.columns(2)
    with left:
        horizontal = st.toggle("Flip left-right", key="flip-x", persist_state="session")
        vertical = st.toggle("Flip upside down", key="flip-y", persist_state="session")
        rotation = st.slider("Rotation, up to (degrees)", 0, 180, 0, key="rotation", persist_state="session")
        crop = st.slider(
            "Random crop, at least (% of the area)", 5, 100, 100, key="crop", persist_state="session"
        )
    with right:
        brightness = st.slider(
            "Brightness, up to (± %)", 0, 100, 0, key="brightness", persist_state="session"
        )
        contrast = st.slider("Contrast, up to (± %)", 0, 100, 0, key="contrast", persist_state="session")
        saturation = 0
        if preprocessing.shape[0] == RGB:
            saturation = st.slider(
                "Saturation, up to (± %)", 0, 100, 0, key="saturation", persist_state="session"
            )
    settings = Augmentation(
        horizontal, vertical, float(rotation), crop / 100, brightness / 100, contrast / 100, saturation / 100
    )
    if settings.is_off:
        st.caption("Off: every epoch shows the same pictures. Move a control to see what it does to yours.")
    else:
        with errors_shown():
            _preview(dataset, split, preprocessing, settings)
    return settings


def _preview(dataset: Dataset, split: Split, preprocessing: Receives, settings: Augmentation) -> None:
    with st.spinner("Loading PyTorch for the preview", show_time=False):
        from core.data.augmentation_preview import preview_augmentation
    rows = split.train[:: max(1, len(split.train) // PICTURES)][:PICTURES]
    pixels = np.stack([_pixels(dataset, row, preprocessing) for row in rows])
    st.caption("Left, the picture as it is; then what five epochs might make of it:")
    for original, views in zip(pixels, preview_augmentation(pixels, settings, VIEWS), strict=True):
        with st.container(horizontal=True, gap="small"):
            for picture in (original, *views):
                st.image(picture.squeeze(), width=SHOWN_WIDTH)


def _pixels(dataset: Dataset, row: int, preprocessing: Receives) -> np.ndarray:
    path = dataset.path(dataset.pictures[row])
    return preprocessing.pixels(open_picture(path, at_least=preprocessing.at_least))
