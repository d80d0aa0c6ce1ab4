from functools import partial

import streamlit as st

from core.errors import WorkbenchError
from core.figures.lab_scene import convolution_scene, pooling_scene, strip_scene
from core.filtering.correlation import apply_kernel
from core.filtering.pooling import pool
from core.filtering.strip import run_strip
from core.filtering.torch_code import conv_code, pool_code, strip_code
from pages.learn.convolution_lab_choice import CONVOLUTION, POOLING, Choice, choose, take_weights
from pages.learn.convolution_lab_component import draw
from pages.learn.convolution_lab_sliders import choose_convolution, choose_pooling, choose_strip
from pages.learn.convolution_lab_words import choose_turn, explain, kept_words, show_code, size_words, wait
from pages.shared.errors import show_error
from pages.shared.page import open_page


def convolution(choice: Choice, turned: bool) -> str:
    """Draws, and returns the code."""
    picture, kernel, sliding = choose_convolution(choice, turned=turned)
    filtered = apply_kernel(picture, kernel, sliding)
    note = size_words(filtered.rows, filtered.columns)
    scene = convolution_scene(picture, filtered, turned=turned, note=note)
    draw(scene, partial(take_weights, kernel.divisor))
    return conv_code(choice.origin, picture.shape[1], kernel, sliding)


def pooling(choice: Choice) -> str:
    picture, window, stride, padding = choose_pooling(choice)
    pooled = pool(picture, window, stride, padding)
    draw(pooling_scene(picture, pooled, kept=kept_words(pooled)))
    return pool_code(choice.origin, picture.shape[1], window, stride, padding)


def strip(choice: Choice) -> str:
    picture, kernel, sliding, bias, window, largest = choose_strip(choice)
    steps = run_strip(picture, kernel, sliding, window, window, bias)
    draw(strip_scene(picture, steps, largest=largest), partial(take_weights, kernel.divisor))
    return strip_code(choice.origin, picture.shape[1], kernel, sliding, bias, window, largest=largest)


@st.fragment
def lab(choice: Choice, turned: bool) -> None:
    """The sliders and what they move; a slider runs nothing else again."""
    try:
        if choice.mode == CONVOLUTION:
            code = convolution(choice, turned)
        else:
            code = pooling(choice) if choice.mode == POOLING else strip(choice)
        show_code(code)
    except WorkbenchError as error:
        show_error(error)


open_page(
    "Convolution lab",
    "Slide a small window of weights over a picture, and see what every output pixel is made of.",
)
choice = choose()
if choice.waits:
    wait()
else:
    room = st.container()
    turned = choose_turn() if choice.mode == CONVOLUTION else False
    with room:
        lab(choice, turned)
    if choice.mode != CONVOLUTION:
        explain(choice.mode)
