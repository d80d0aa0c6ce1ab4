"""The data set and the backbone that a page works with."""

import streamlit as st

from core.workspace import Workspace
from pages.look.network import backbones, title
from pages.look.weights import have_weights
from pages.shared.page import DATASETS, empty_state
from pages.shared.pickers import pick, pick_dataset


def choose_data_and_backbone(workspace: Workspace) -> tuple[str, str, str]:
    """The data set's id, the backbone's name and its weights; the page ends here while one is missing."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset_id = pick_dataset(workspace)
        if dataset_id is None:
            empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
            st.stop()
        backbone = pick("Backbone", {name: title(name) for name in backbones()}, key="backbone")
    weights = have_weights(workspace, backbone, title(backbone))
    if weights is None:
        st.stop()
    return dataset_id, backbone, weights
