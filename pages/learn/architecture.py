import streamlit as st

from pages.learn.architecture_answer import show_details, show_problem, show_totals
from pages.learn.architecture_input import Input, choose_input, choose_sides
from pages.learn.architecture_pasted import PASTED, choose_pasted
from pages.learn.architecture_presets import choose_preset
from pages.learn.architecture_registry import choose_model
from pages.learn.architecture_source import Choice
from pages.learn.stack_builder import choose_stack
from pages.shared.drawing import figures_first
from pages.shared.errors import errors_shown
from pages.shared.network_drawing import draw_network
from pages.shared.page import open_page

FIRST = "Preset"
BY_HAND = "Build by hand"
SOURCES = {
    BY_HAND: choose_stack,
    FIRST: choose_preset,
    "torchvision": choose_model,
    PASTED: choose_pasted,
}
OWNERS = {"stack": BY_HAND, "code": PASTED}  # what the address holds of a source, but for its controls
DRAWING = {BY_HAND: 570, PASTED: 490}  # pixels beside the editor
WHOLE_WIDTH = 930


def choose_source() -> str:
    chosen = st.segmented_control(
        "Where the network comes from",
        list(SOURCES),
        default=FIRST,
        key="network_source",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    for parameter, owner in OWNERS.items():
        if chosen != owner:
            st.query_params.pop(parameter, None)
    return chosen or FIRST


def inspect() -> None:
    """All of the page below its title; what the picture's size changes runs again by itself."""
    with errors_shown():
        source = choose_source()
        with st.container(key="inspector"):  # assets/style.css says what stands where in it
            with st.container(key=f"choice-{source.lower().replace(' ', '-')}"):
                choice = SOURCES[source]()
            with st.container(key="given"):
                given = choose_input(choice.name, choice.own)
            with st.container(key="answer"):
                answer = show_answer if choice.shows_rows else st.fragment(show_answer)
                answer(choice, given, DRAWING.get(source, WHOLE_WIDTH))


def show_answer(choice: Choice, given: Input, width: int) -> None:
    """The picture's size, and what becomes of it; the drawing is `width` pixels wide."""
    with errors_shown():
        with st.container(key="sides"):
            shape = given.shape(*choose_sides(choice.own))
        with st.container(key="result"):
            totals = st.container(key="totals")
            walk = choice.walk(shape)
            show_problem(choice, walk)
            draw_network(walk, width, key="network-drawing")
            if not choice.slow_memory:
                with totals:
                    show_totals(choice, walk, given)
            figures_first()
        with st.container(key="details"):
            choice.show_rows(walk)
            show_details(choice, walk, given)
        if choice.slow_memory:
            with totals:
                show_totals(choice, walk, given)


open_page(
    "Architecture",
    "What each layer of a network puts out and costs: build one by hand, choose one, or paste PyTorch code.",
)
inspect()
