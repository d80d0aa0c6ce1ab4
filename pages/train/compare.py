import streamlit as st

from core.comparison.route_comparison import load_comparison
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import open_page
from pages.train.compare_choice import choose_runs
from pages.train.compare_results import show_results
from pages.train.compare_routes import COMPARISON, ask_for_routes
from pages.train.compare_routes_run import show_routes

RUNS, ROUTES = "Runs of mine", "All routes at once"
MODE = "compare"  # in the address

workspace = open_workspace()
asked = st.query_params.get(COMPARISON)
open_page(
    "Compare",
    "Which is better, by how much, is it more than chance, and at what cost? On the same pictures for all.",
)
if asked:
    with errors_shown():
        show_routes(workspace, load_comparison(workspace, asked))
    st.stop()
if st.session_state.get(MODE) is None:
    st.session_state[MODE] = ROUTES if st.query_params.get(MODE) == "routes" else RUNS
mode = st.segmented_control(
    "What to compare", [RUNS, ROUTES], key=MODE, required=True, label_visibility="collapsed"
)
st.query_params[MODE] = "routes" if mode == ROUTES else "runs"
with errors_shown():
    if mode == ROUTES:
        ask_for_routes(workspace)
    else:
        chosen = choose_runs(workspace)
        if chosen:
            show_results(workspace, chosen)
