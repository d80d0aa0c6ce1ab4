"""What to look at in the lab: mode, picture and kernel. All but an upload stands in the address."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.filtering.kernels import (
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
OWN_PICTURE, RANDOM, OWN_WEIGHTS = "own picture", "random", "own weights"
GREY, COLOR = "grey", "colour"
MOST_MEGABYTES = 50
FIRST_WEIGHTS = "1 0 -1; 2 0 -2; 1 0 -1"


@dataclass(frozen=True)
class Choice:
    """What stands above the sliders; `upload` is the user's own picture, None for the others."""

    mode: str
    origin: str
    upload: Any
    colored: bool
    kernel: str
    mix: ChannelMix
    weights: str
    divisor: float
    seed: int

    @property
    def waits(self) -> bool:
        """Whether the user has still to give a picture."""
        return self.origin == OWN_PICTURE and self.upload is None

    def picture(self, size: int) -> np.ndarray:
        """uint8 (C, size, size), C being 3 in colour and 1 in grey.

        Raises:
            PictureRejected: the upload is no picture that can be used.
        """
        if self.upload is not None:
            colors = _own(self.upload, self.upload.file_id, size)
        elif self.origin in list(Photo):
            colors = _photo(self.origin, size)
        else:
            colors = pattern(Pattern(self.origin), size)
        return colors if self.colored else grey(colors)

    def kernel_of(self, size: int) -> Kernel:
        """The kernel, with `size` rows unless its weights were typed, and as many slices as the picture.

        Raises:
            ConfigError: the weights that were typed are none.
        """
        if self.kernel == RANDOM:
            return random_kernel(self.seed, size, 3 if self.colored else 1)
        if self.kernel == OWN_WEIGHTS:
            kernel = typed_kernel(self.weights, self.divisor)
        else:
            kernel = named_kernel(KernelName(self.kernel), size)
        return for_colors(kernel, self.mix) if self.colored and len(kernel.weights) == 1 else kernel


def choose() -> Choice:
    upload, kernel, colored, mix = None, KernelName.SOBEL_X, False, ChannelMix.ALIKE
    weights, divisor, seed = FIRST_WEIGHTS, 1.0, 0
    with st.container(horizontal=True):
        mode = one_of("Look at", [CONVOLUTION, POOLING, STRIP], "mode")
        origin = _box("Picture", [*Photo, *Pattern, OWN_PICTURE], "picture", 0, width=152)
        if mode != POOLING:
            kernels = [*KernelName, RANDOM, OWN_WEIGHTS]
            kernel = _box("Kernel", kernels, "conv_kernel", kernels.index(KernelName.SOBEL_X), width=136)
            colored = one_of("Channels", [GREY, COLOR], "channels") == COLOR
            if kernel == OWN_WEIGHTS:
                weights = st.text_input(
                    "Weights; a row ends at ;", weights, key="kernel_weights", bind="query-params", width=180
                )
                divisor = st.number_input(
                    "Divided by", value=1.0, key="divisor", bind="query-params", width=130
                )
            elif kernel == RANDOM:
                seed = st.number_input(
                    "Seed", 0, 9999, seed, key="kernel_seed", bind="query-params", width=130
                )
            if colored and kernel != RANDOM:
                mix = ChannelMix(_box("Kernel's slices", list(ChannelMix), "slices", 0, width=128))
    if origin == OWN_PICTURE:
        label = f"A picture of yours, at most {MOST_MEGABYTES} MB"
        upload = st.file_uploader(label, max_upload_size=MOST_MEGABYTES, key="upload")
    return Choice(mode, origin, upload, colored, kernel, mix, weights, divisor, seed)


def take_weights(divisor: float, weights: list[list[list[float]]]) -> None:
    """A weight was changed in the grid: the kernel is the user's own from now on, and divided as before."""
    st.session_state["conv_kernel"] = OWN_WEIGHTS
    st.session_state["divisor"] = divisor
    st.session_state["kernel_weights"] = kernel_text(Kernel(np.array(weights)))


def look_at_one_pixel() -> None:
    st.session_state.update(picture=Pattern.IMPULSE, pixels=9, conv_kernel=KernelName.EMBOSS)


def one_of(label: str, options: list[str], key: str) -> str:
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params"
    )
    return chosen or options[0]  # an address may leave it empty


def _box(label: str, options: list[str], key: str, first: int, *, width: int) -> str:
    return st.selectbox(label, options, first, key=key, bind="query-params", width=width)


@st.cache_data(max_entries=300, show_spinner=False)
def _photo(name: str, size: int) -> np.ndarray:
    return lab_picture(photo(Photo(name)), size)


@st.cache_data(max_entries=100, show_spinner=False)
def _own(_upload: Any, file_id: str, size: int) -> np.ndarray:
    return lab_picture(_upload, size)
