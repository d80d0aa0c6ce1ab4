"""The sliders of the convolution lab, one row for each mode; their values stand in the address."""

import numpy as np
import streamlit as st

from core.filtering.borders import Border
from core.filtering.correlation import Sliding
from core.filtering.kernels import LARGEST, Kernel
from pages.learn.convolution_lab_choice import OWN_WEIGHTS, Choice, one_of

BORDERS = {"zeros": Border.ZERO, "reflect": Border.REFLECT, "replicate": Border.REPLICATE}


def choose_convolution(choice: Choice, *, turned: bool) -> tuple[np.ndarray, Kernel, Sliding]:
    """Picture, kernel, and how it slides.

    Raises:
        PictureRejected, ConfigError: as `Choice`.
    """
    with st.container(horizontal=True):
        size, taps = _picture_size(), _kernel_size(choice)
        stride, padding = _stride(), _padding()
        dilation = _slider("Dilation", 1, 5, 1, "conv_dilation")
        border = BORDERS[one_of("Padding shows", list(BORDERS), "border")]
    return choice.picture(size), choice.kernel_of(taps), Sliding(stride, padding, dilation, border, turned)


def choose_pooling(choice: Choice) -> tuple[np.ndarray, int, int, int]:
    """Picture, and window, stride and padding in pixels.

    Raises:
        PictureRejected: as `Choice`.
    """
    with st.container(horizontal=True):
        size = _picture_size()
        window = _slider("Window", 1, 8, 2, "window", width=140)
        stride = _slider("Stride", 1, 8, 2, "pool_stride", width=140)
        padding = _slider("Padding", 0, 4, 0, "pool_padding", width=140)
    return choice.picture(size), window, stride, padding


def choose_strip(choice: Choice) -> tuple[np.ndarray, Kernel, Sliding, float, int, bool]:
    """Picture, kernel, how it slides, its bias, the pooling's window, and whether that takes the largest.

    Raises:
        PictureRejected, ConfigError: as `Choice`.
    """
    with st.container(horizontal=True):
        size, taps = _picture_size(), _kernel_size(choice)
        sliding = Sliding(_stride(), _padding())
        bias = _slider("Bias", -255, 255, 0, "conv_bias", step=5)
        largest = one_of("Pooling", ["max", "average"], "pooling") == "max"
        window = _slider("Pooling window", 1, 8, 2, "window")
    return choice.picture(size), choice.kernel_of(taps), sliding, float(bias), window, largest


def _picture_size() -> int:
    return _slider("Picture size", 8, 128, 32, "pixels", width=130)


def _kernel_size(choice: Choice) -> int:
    """An odd one; 3 where the weights that were typed tell."""
    if choice.kernel == OWN_WEIGHTS:
        return 3
    size = _slider("Kernel size", 3, LARGEST, 3, "taps", step=2)
    return size + 1 - size % 2  # an address may ask for one between


def _stride() -> int:
    return _slider("Stride", 1, 8, 1, "conv_stride")


def _padding() -> int:
    return _slider("Padding", 0, 10, 0, "conv_padding")


def _slider(label: str, low: int, high: int, first: int, key: str, *, step: int = 1, width: int = 104) -> int:
    return st.slider(label, low, high, first, step, key=key, bind="query-params", width=width)
