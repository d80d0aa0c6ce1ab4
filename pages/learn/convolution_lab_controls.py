"""The controls of the convolution lab; all but an upload stand in the address."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.filtering.borders import Border
from core.filtering.correlation import Sliding
from core.filtering.kernels import (
    LARGEST,
    ChannelMix,
    Kernel,
    KernelName,
    for_colors,
    kernel_text,
    named_kernel,
    random_kernel,
    typed_kernel,
)
from core.filtering.patterns import Pattern, pattern
from core.filtering.pictures import Photo, grey, lab_picture, photo

CONVOLUTION, POOLING, STRIP = "Convolution", "Pooling", "Conv → ReLU → pool"
OWN_PICTURE, RANDOM, OWN_WEIGHTS = "your own picture", "random", "your own weights"
BORDERS = {"zeros": Border.ZERO, "reflect": Border.REFLECT, "replicate": Border.REPLICATE}
MOST_MEGABYTES = 50
FIRST_WEIGHTS = "1 0 -1; 2 0 -2; 1 0 -1"


@dataclass(frozen=True, eq=False)
class Chosen:
    """A picture, uint8 (C, S, S), the name of where it comes from, and how a kernel looks at its colours."""

    pixels: np.ndarray
    origin: str
    mix: ChannelMix

    @property
    def size(self) -> int:
        return self.pixels.shape[-1]


def choose_mode() -> str:
    return _one_of("Look at", [CONVOLUTION, POOLING, STRIP], "mode")


def choose_picture(*, colors: bool) -> Chosen | None:
    """The picture to work on; None while the user has still to give one.

    Raises:
        PictureRejected: the user's file is no picture that can be used.
    """
    origin = _box("Picture", [*Photo, *Pattern, OWN_PICTURE], "picture", width=164)
    size = _slider("Picture size", 8, 128, 32, "pixels", width=110)
    colored = colors and _one_of("Channels", ["grey", "colour"], "channels") == "colour"
    mix = (
        ChannelMix(_box("Kernel's slices", list(ChannelMix), "slices", width=140))
        if colored
        else ChannelMix.ALIKE
    )
    if origin == OWN_PICTURE:
        upload = st.file_uploader(
            f"A picture of yours, at most {MOST_MEGABYTES} MB", max_upload_size=MOST_MEGABYTES, key="upload"
        )
        if upload is None:
            return None
        pixels = lab_picture(upload, size)
    else:
        pixels = _photo(origin, size) if origin in list(Photo) else pattern(Pattern(origin), size)
    return Chosen(pixels if colored else grey(pixels), origin, mix)


def choose_kernel(chosen: Chosen) -> Kernel:
    """A kernel for a picture: with as many slices as it has channels.

    Raises:
        ConfigError: weights that were typed are none.
    """
    name = _box("Kernel", [*KernelName, RANDOM, OWN_WEIGHTS], "kernel", first=KernelName.SOBEL_X, width=150)
    if name == OWN_WEIGHTS:
        kernel = _typed()
    else:
        size = _slider("Kernel size", 3, LARGEST, 3, "taps", step=2)
        if name == RANDOM:
            seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=100)
            return random_kernel(seed, size, len(chosen.pixels))
        kernel = named_kernel(KernelName(name), size + 1 - size % 2)
    return kernel if len(kernel.weights) == len(chosen.pixels) else for_colors(kernel, chosen.mix)


def choose_sliding() -> Sliding:
    stride = _slider("Stride", 1, 8, 1, "stride")
    padding = _slider("Padding", 0, 10, 0, "padding")
    dilation = _slider("Dilation", 1, 5, 1, "dilation")
    border = BORDERS[_one_of("Padding shows", list(BORDERS), "border")]
    return Sliding(stride, padding, dilation, border)


def choose_pool() -> tuple[int, int, int]:
    """Window, stride and padding in pixels."""
    window = _slider("Window", 1, 8, 2, "window", width=150)
    stride = _slider("Stride", 1, 8, 2, "pool_stride", width=150)
    return window, stride, _slider("Padding", 0, 4, 0, "pool_padding", width=150)


def choose_strip() -> tuple[Sliding, float, int, bool]:
    """How the kernel slides, its bias, the window of the pooling, and whether it takes the largest."""
    sliding = Sliding(_slider("Stride", 1, 8, 1, "stride"), _slider("Padding", 0, 10, 0, "padding"))
    bias = _slider("Bias", -255, 255, 0, "bias", step=5)
    largest = _one_of("Pooling", ["max", "average"], "pooling") == "max"
    return sliding, float(bias), _slider("Window", 1, 8, 2, "window"), largest


def take_weights(weights: list[list[list[float]]]) -> None:
    """A weight was changed in the grid: the kernel is the user's own from now on."""
    st.session_state["kernel"] = OWN_WEIGHTS
    st.session_state["weights"] = kernel_text(Kernel(np.array(weights)))


def _typed() -> Kernel:
    text = st.text_input(
        "Weights; a row ends at ;", FIRST_WEIGHTS, key="weights", bind="query-params", width=190
    )
    divisor = st.number_input("Divided by", value=1.0, key="divisor", bind="query-params", width=110)
    return typed_kernel(text, divisor)


def _slider(label: str, low: int, high: int, first: int, key: str, *, step: int = 1, width: int = 100) -> int:
    return st.slider(label, low, high, first, step, key=key, bind="query-params", width=width)


def _box(label: str, options: list, key: str, *, width: int, first: str | None = None) -> str:
    index = options.index(first) if first else 0
    return st.selectbox(label, options, index, key=key, bind="query-params", width=width)


def _one_of(label: str, options: list[str], key: str) -> str:
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params"
    )


@st.cache_data(max_entries=300, show_spinner=False)
def _photo(name: str, size: int) -> np.ndarray:
    return lab_picture(photo(Photo(name)), size)
