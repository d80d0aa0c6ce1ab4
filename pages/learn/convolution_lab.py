import streamlit as st

from core.errors import WorkbenchError
from core.figures.lab_scene import convolution_scene, pooling_scene, strip_scene
from core.filtering.correlation import apply_kernel
from core.filtering.pooling import pool
from core.filtering.strip import run_strip
from core.filtering.torch_code import conv_code, pool_code, strip_code
from pages.learn.convolution_lab_component import draw
from pages.learn.convolution_lab_controls import (
    CONVOLUTION,
    POOLING,
    Chosen,
    choose_kernel,
    choose_mode,
    choose_picture,
    choose_pool,
    choose_sliding,
    choose_strip,
    take_weights,
)
from pages.learn.convolution_lab_words import (
    choose_turn,
    explain_pooling,
    explain_strip,
    kept_words,
    open_tabs,
    show_code,
    size_words,
    wait_for_picture,
)
from pages.shared.errors import errors_shown, show_error
from pages.shared.page import open_page


def convolution(chosen: Chosen) -> None:
    with st.container(horizontal=True):
        kernel, sliding = choose_kernel(chosen), choose_sliding()
    room = st.container()
    about, code = open_tabs("Correlation or convolution?", "convolution")
    with about:
        sliding = choose_turn(sliding)
    if code.open:
        with code:
            show_code(conv_code(chosen.origin, chosen.size, kernel, sliding))
    with room, errors_shown():
        filtered = apply_kernel(chosen.pixels, kernel, sliding)
        note = size_words(filtered.rows)
        scene = convolution_scene(chosen.pixels, filtered, turned=sliding.true_convolution, note=note)
        draw(scene, take_weights)


def pooling(chosen: Chosen) -> None:
    with st.container(horizontal=True):
        window, stride, padding = choose_pool()
    pooled = pool(chosen.pixels, window, stride, padding)
    draw(pooling_scene(chosen.pixels, pooled, kept=kept_words(pooled)))
    about, code = open_tabs("What is thrown away?", "pooling")
    with about:
        explain_pooling()
    if code.open:
        with code:
            show_code(pool_code(chosen.origin, chosen.size, window, stride, padding))


def strip(chosen: Chosen) -> None:
    with st.container(horizontal=True):
        kernel = choose_kernel(chosen)
        sliding, bias, window, largest = choose_strip()
    steps = run_strip(chosen.pixels, kernel, sliding, window, window, bias)
    draw(strip_scene(chosen.pixels, steps, largest=largest), take_weights)
    about, code = open_tabs("Why these three?", "strip")
    with about:
        explain_strip()
    if code.open:
        script = strip_code(chosen.origin, chosen.size, kernel, sliding, bias, window, largest=largest)
        with code:
            show_code(script)


@st.fragment
def lab() -> None:
    try:
        with st.container(horizontal=True):
            mode = choose_mode()
            chosen = choose_picture(colors=mode != POOLING)
        if chosen is None:
            wait_for_picture()
        elif mode == CONVOLUTION:
            convolution(chosen)
        elif mode == POOLING:
            pooling(chosen)
        else:
            strip(chosen)
    except WorkbenchError as error:
        show_error(error)


open_page(
    "Convolution lab",
    "Slide a small window of weights over a picture, and see what every output pixel is made of.",
)
lab()
