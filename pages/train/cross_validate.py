import streamlit as st

from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import open_page
from pages.train.cross_validate_form import ask_for_search
from pages.train.cross_validate_search import SEARCH, show_search

open_page(
    "Cross-validate",
    "Try combinations of settings, each on several **folds**: the training pictures are cut into parts, and "
    "each part in turn judges a network that has learned from the others.",
)
workspace = open_workspace()
with errors_shown():
    if asked := st.query_params.get(SEARCH):
        show_search(workspace, asked)
    else:
        ask_for_search(workspace)
