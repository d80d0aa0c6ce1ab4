"""How the pictures of a model from elsewhere are prepared: their size, and the values that enter it."""

from __future__ import annotations

import streamlit as st

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.backbone_preprocessing import BackbonePreprocessing, Interpolation
from core.models.imported import ImportedModel
from core.models.saved_model import SavedModel
from core.serving.importing.onnx_description import RESIZED, OnnxDescription, Output
from core.serving.importing.settings import Description, prepare, prepare_onnx
from pages.use.scaling import choose_scaling

MIDDLE = "the short side first, then the middle"
RESIZES = {Resize.STRETCH: "stretched", Resize.CROP: "the middle, cropped", Resize.PAD: "padded with black"}

Prepared = Preprocessing | BackbonePreprocessing


def show_preparation(model: ImportedModel, description: Description) -> None:
    """A form with what can be changed of this model, and a button that keeps it."""
    before = description.preprocessing
    onnx = description if isinstance(description, OnnxDescription) else None
    if onnx is not None and onnx.prepares:
        st.markdown("It prepares its pictures by itself, as it was exported: there is nothing to choose.")
        return
    channels, height, width = before.shape
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if onnx is not None and onnx.input.height is None:
            height = int(st.number_input("Height (pixels)", 1, 2048, height, key=f"h-{model.id}"))
        if onnx is not None and onnx.input.width is None:
            width = int(st.number_input("Width (pixels)", 1, 2048, width, key=f"w-{model.id}"))
        way = _choose_way(model, description, height == width)
    mean, std = before.mean, before.std
    bgr = onnx.bgr if onnx else False
    output = onnx.output if onnx else Output.LOGITS
    if onnx is None or not onnx.input.is_bytes:
        mean, std = choose_scaling(model.id, before)
    if onnx is not None:
        bgr, output = _choose_reading(model, onnx)
    if st.button("Keep this", type="primary", key=f"prepare-{model.id}"):
        after = _prepared(way, before, (channels, height, width), mean, std)
        with st.spinner("Trying it"):
            if onnx is not None:
                prepare_onnx(model, after, output, bgr=bgr)
            else:
                prepare(model, after)
        st.toast("Kept.")
        st.rerun()


def _choose_way(model: ImportedModel, description: Description, is_square: bool) -> str:
    before = description.preprocessing
    ways = list(RESIZES.values())
    if is_square and before.shape[0] == 3:
        ways.append(MIDDLE)
    if isinstance(description, SavedModel):
        ways = list(RESIZES.values())
    elif not isinstance(description, OnnxDescription):
        ways = [MIDDLE]
    now = MIDDLE if isinstance(before, BackbonePreprocessing) else RESIZES[before.resize]
    return st.selectbox(
        "Pictures of another shape are",
        ways,
        index=ways.index(now) if now in ways else 0,
        key=f"way-{model.id}",
    )


def _choose_reading(model: ImportedModel, onnx: OnnxDescription) -> tuple[bool, Output]:
    with st.container(horizontal=True):
        order = "RGB"
        if onnx.input.channels == 3:
            order = st.segmented_control(
                "Order of the colours",
                ["RGB", "BGR"],
                default="BGR" if onnx.bgr else "RGB",
                required=True,
                key=f"order-{model.id}",
                help="BGR where it was trained on pictures that OpenCV had read.",
            )
        output = st.segmented_control(
            "Its numbers are",
            list(Output),
            default=onnx.output,
            required=True,
            key=f"output-{model.id}",
            help="Probabilities add up to one; softmax makes them of logits.",
        )
    return order == "BGR", Output(output)


def _prepared(
    way: str,
    before: Prepared,
    shape: tuple[int, int, int],
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> Prepared:
    channels, height, width = shape
    if way == MIDDLE:
        is_same = isinstance(before, BackbonePreprocessing) and before.crop == height
        resize = before.resize if is_same else round(height * RESIZED)
        interpolation = before.interpolation if is_same else Interpolation.BILINEAR
        return BackbonePreprocessing(resize, height, mean, std, interpolation)
    color = ColorMode.GREY if channels == 1 else ColorMode.RGB
    resize_as = next(resize for resize, words in RESIZES.items() if words == way)
    return Preprocessing(height, width, color, resize_as, mean, std)
