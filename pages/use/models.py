import streamlit as st

from core.models.imported import list_imported, open_imported
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import open_page
from pages.shared.pickers import choose, pick
from pages.use.bring_model import bring_model, show_imports
from pages.use.model_detail import show_model

open_page(
    "Models from elsewhere", "Bring a network that was trained elsewhere, and use it like one of your own."
)
workspace = open_workspace()
if made := show_imports(workspace):
    choose("brought", made)
words = {model.id: model.name for model in list_imported(workspace)}
if words:
    chosen = pick("Model", words, key="brought")
    with errors_shown():
        show_model(workspace, open_imported(workspace, chosen))
with st.expander("Bring another model", icon=":material/upload_file:") if words else st.container():
    bring_model(workspace)
