"""One batch as the network receives it: shapes, range, and what plotting wants instead."""

import numpy as np
import streamlit as st
from PIL import Image

from core.data.batch_preview import batch_source, read_pixels
from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import Split
from core.data.thumbnails import contact_sheet, thumbnail
from core.training.suggestion import suggest_color
from core.workspace import Workspace
from pages.shared.text import plain

SIZES = (8, 16, 28, 32, 48, 64, 96, 128, 160, 224)
COLORS = {ColorMode.GREY: "Grey", ColorMode.RGB: "RGB"}
SIDE, COLUMNS = 96, 8


def show_batch(workspace: Workspace, dataset: Dataset, split: Split) -> None:
    controls, result = st.columns([1, 3], gap="large")
    with controls:
        side = st.select_slider("Height and width, pixels", SIZES, 32, key="batch_side")
        color = ColorMode(
            st.segmented_control(
                "Colour", list(COLORS), default=suggest_color(dataset), format_func=COLORS.get, required=True
            )
        )
        wanted = st.slider("Batch size (B)", 1, 32, 8)
    indices = _spread(split.train, wanted)
    preprocessing = Preprocessing.of((side, side), color)
    pixels = read_pixels(dataset, indices, preprocessing)
    batch = preprocessing.normalized(pixels)
    with result:
        _explain(batch)
        tiles = [_tile(picture) for picture in pixels]
        st.image(
            contact_sheet(tiles, COLUMNS),
            alt="The pictures of the batch",
            output_format="PNG",
            width="stretch",
        )
        names = ", ".join(dataset.pictures[i].label for i in indices)
        st.caption(f"Labels: {plain(names)}")
    with st.expander("The code: the same batch in PyTorch", icon=":material/code:"):
        st.code(batch_source(dataset, indices, preprocessing), language="python")


def _explain(batch: np.ndarray) -> None:
    b, c, h, w = batch.shape
    rows = (
        ("", "shape", "type", "range"),
        ("---",) * 4,
        (
            "**Network** input",
            f"`[B, C, H, W] = [{b}, {c}, {h}, {w}]`",
            f"`{batch.dtype}`",
            f"{batch.min():.2f} to {batch.max():.2f}",
        ),
        (
            "**Plotting** one picture",
            f"`[H, W, C] = [{h}, {w}, {c}]`",
            "`float32`, `uint8`",
            "0 to 1, 0 to 255",
        ),
    )
    st.markdown("\n".join("| " + " | ".join(row) + " |" for row in rows))
    st.caption(
        "B pictures, C channels (1 grey, 3 RGB), H rows, W columns. Bytes 0 to 255 are divided by 255, then "
        "normalized to (x − 0.5) / 0.5. `batch[0].permute(1, 2, 0)` moves the channels last, for plotting."
    )


def _spread(indices: tuple[int, ...], wanted: int) -> list[int]:
    """`wanted` of the indices at even distances, so that all classes have their chance."""
    places = np.linspace(0, len(indices) - 1, min(wanted, len(indices))).round().astype(int)
    return [indices[place] for place in places]


def _tile(pixels: np.ndarray) -> np.ndarray:
    """One picture of the batch, uint8 (H, W, C), as a thumbnail."""
    return thumbnail(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), SIDE)
