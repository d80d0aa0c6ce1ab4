import streamlit as st

from core.figures.vector_picture import vector_picture
from core.figures.window_picture import window_picture
from pages.learn.layer_dials import Board
from pages.learn.layer_forms import setting_of
from pages.learn.layer_kinds import EXAMPLES, PURPOSES, SQUARE_ONLY, USUAL, USUAL_OF, Kind
from pages.learn.layer_results import show_answer, show_code, show_formulas, show_link
from pages.learn.layer_sweep import show_sweep
from pages.learn.layer_values import DEFAULTS, set_values
from pages.shared.drawing import draw, figures_first
from pages.shared.errors import show_error
from pages.shared.page import ASSETS, open_page


def take_usual() -> None:
    """On a change of layer: if nothing was moved, start from what is usual for the new one."""
    before, now = (Kind(st.session_state.get(key) or Kind.CONV2D) for key in ("layer_before", "layer"))
    usual = USUAL_OF.get(before, USUAL)
    if all(st.session_state.get(key, USUAL[key]) == value for key, value in usual.items()):
        set_values(USUAL_OF.get(now, USUAL))


def take_example() -> None:
    known = {key: value for key, value in DEFAULTS.items() if key in st.session_state}
    set_values({**known, **EXAMPLES[st.session_state["example"]]})


def choose_layer() -> Kind:
    chosen = st.segmented_control(
        "Layer",
        [str(kind) for kind in Kind],
        default=Kind.CONV2D,
        required=True,
        key="layer",
        bind="query-params",
        label_visibility="collapsed",
        on_change=take_usual,
    )
    st.session_state["layer_before"] = kind = Kind(chosen or Kind.CONV2D)
    return kind


@st.fragment
def explore() -> None:
    """All that moves; the rest of the page is not run again for it."""
    kind = choose_layer()
    controls, answer = st.columns([5, 7], gap="large")
    with controls, st.container(key="controls"):
        board = Board()
        if kind not in SQUARE_ONLY:
            board.offer_rectangular()
        setting = setting_of(kind, board)
        batch, dtype = board.batch()
        before = board.before()
    problem = setting.problem()
    with answer, st.container(key="answer"):
        with st.container(key="purpose", horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{kind}** {PURPOSES[kind]}")
            st.menu_button(
                "Examples", list(EXAMPLES), key="example", icon=":material/lightbulb:", on_click=take_example
            )
        if problem is None:
            show_answer(setting, before, batch, dtype)
            layer, shape = setting.layer, setting.input_shape
            draw(window_picture(layer, shape) or vector_picture(layer, shape), key="picture")
        else:
            show_error(problem)
            board.show_mends(setting)
    formulas, beside = st.columns(2, gap="large")
    with beside:
        show_sweep(setting, board)
        figures_first()
        if problem is None:
            show_code(setting, batch)
        show_link()
    if problem is None:
        with formulas, st.container(key="formulas"):
            show_formulas(setting)


open_page(
    "Layer math", "Move a slider, and see what a layer makes of a picture: its size, its cost, and why."
)
st.html(ASSETS / "layer_math.css")
explore()
