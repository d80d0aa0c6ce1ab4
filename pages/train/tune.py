import streamlit as st

from core.tuning.studies import open_study
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, empty_state, open_page
from pages.shared.pickers import pick_dataset
from pages.train.tune_base import WITH_WEIGHTS, choose_base
from pages.train.tune_form import choose_study
from pages.train.tune_list import STUDY, show_studies
from pages.train.tune_space import choose_space
from pages.train.tune_start import start_button
from pages.train.tune_study import show_study

workspace = open_workspace()
asked = st.query_params.get(STUDY)
open_page(
    "Tune",
    "Which learning rate, how many filters? Mark what may vary, and trials find what works best on the "
    "validation pictures.",
)
with errors_shown():
    if asked:
        show_study(workspace, open_study(workspace, asked))
        st.stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_dataset(workspace)
        base = None if chosen is None else choose_base(workspace, chosen)
    if base is None:
        empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
        st.stop()
    left, right = st.columns([3, 2], gap="large")
    with right:
        settings, is_usable = choose_study(workspace)
    with left:
        space = choose_space(base.config, settings["method"])
        if base.weights is not None:
            st.caption(WITH_WEIGHTS)
    with right:
        start_button(workspace, base, space, settings, is_usable)
    show_studies(workspace, base.config.dataset_id)
if asked and st.button("All studies", type="primary"):
    del st.query_params[STUDY]
    st.rerun()
