import streamlit as st

from pages.learn.architecture_answer import draw, show_details, show_problem, show_totals
from pages.learn.architecture_input import choose_input
from pages.learn.architecture_pasted import PASTED, choose_pasted
from pages.learn.architecture_presets import choose_preset
from pages.learn.architecture_registry import choose_model
from pages.learn.stack_builder import choose_stack
from pages.shared.errors import errors_shown
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
DRAWING = {False: 570, True: 490}  # pixels: lines of pasted code are long, and leave it less room


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


@st.fragment
def inspect() -> None:
    """All of the page below its title, so that a slider runs nothing else again."""
    with errors_shown():
        source = choose_source()
        pictures = st.container()
        editor, answer = st.columns([5, 6] if source == PASTED else [4, 7], gap="medium")
        with editor:
            choice = SOURCES[source]()
        with pictures:
            given = choose_input(choice.name, choice.own)
        with answer:
            totals = st.container(key="totals")
            walk = choice.walk(given.shape)
            show_problem(walk)
            draw(walk, DRAWING[source == PASTED])
        choice.show_rows(walk)
        show_details(choice, walk, given)
        with totals:  # last, for the memory of a large model takes seconds to find
            show_totals(choice, walk, given)


open_page(
    "Architecture",
    "What each layer of a network puts out and costs: build one by hand, choose one, or paste PyTorch code.",
)
inspect()
