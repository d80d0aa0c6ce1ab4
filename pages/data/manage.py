"""Renaming and deleting a data set."""

import streamlit as st

from core.data.dataset import MAX_NAME, Dataset, delete_dataset, rename_dataset
from core.data.splitting import Split
from core.runs.store import runs_on
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.text import count, plain, size


def manage_dataset(workspace: Workspace, dataset: Dataset, split: Split) -> None:
    with st.form("rename", width=480):
        name = st.text_input("Name", dataset.name, max_chars=MAX_NAME, key="new_name")
        if st.form_submit_button("Rename", key="rename"):
            rename_dataset(workspace, dataset.id, name)
            st.rerun()
    if st.button("Delete this data set", icon=":material/delete:"):
        _confirm_deletion(workspace, dataset)


def offer_deletion(workspace: Workspace, dataset_id: str) -> None:
    """The one way on from a data set that can't be read."""
    with st.popover("Delete it", icon=":material/delete:", key=f"delete_{dataset_id}"), errors_shown():
        st.markdown("Delete what is left of this data set? It can't be brought back.")
        if st.button("Delete for good", type="primary", key=f"delete_for_good_{dataset_id}"):
            delete_dataset(workspace, dataset_id)
            st.rerun()


@st.dialog("Delete this data set?")
def _confirm_deletion(workspace: Workspace, dataset: Dataset) -> None:
    stored = {picture.key: picture.bytes for picture in dataset.pictures}
    st.markdown(
        f"**{plain(dataset.name)}** with {count(len(dataset.pictures), 'picture')} "
        f"({size(sum(stored.values()))}) will be gone for good."
    )
    if users := len(runs_on(workspace.runs, dataset.id)):
        st.warning(
            f"{count(users, 'run')} trained on it: their networks still predict, "
            "but can't be trained further, and the pictures behind their mistakes can't be shown.",
            icon=":material/warning:",
        )
    with st.container(horizontal=True), errors_shown():
        if st.button("Delete", type="primary", key="confirm_delete"):
            delete_dataset(workspace, dataset.id)
            st.rerun()
        if st.button("Keep it", key="keep"):
            st.rerun()
