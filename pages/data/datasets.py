import streamlit as st

from core.data.dataset import damaged_datasets
from core.data.splitting import SplitSettings, current_split, make_split, save_split
from core.errors import DatasetError
from core.workspace import Workspace, open_workspace
from pages.data.batch import show_batch
from pages.data.bring import bring_pictures
from pages.data.imports import show_jobs
from pages.data.manage import manage_dataset, offer_deletion
from pages.data.pictures import show_pictures
from pages.data.report import show_report
from pages.data.splits import show_splits
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.page import TRAIN_CNN, button_to, open_page
from pages.shared.pickers import choose, pick_dataset

SECTIONS = {
    "Report": show_report,
    "Split": show_splits,
    "Pictures": show_pictures,
    "One batch": show_batch,
    "Rename or delete": manage_dataset,
}


def show_dataset(workspace: Workspace, dataset_id: str) -> None:
    try:
        dataset = dataset_of(workspace, dataset_id)
    except DatasetError as error:
        show_error(error)
        offer_deletion(workspace, dataset_id)
        return
    try:
        split = current_split(dataset)
    except DatasetError as error:
        show_error(error)
        if st.button("Make a new split", type="primary", key="new_split"):
            save_split(dataset, make_split(dataset, SplitSettings()))
            st.rerun()
        return
    tabs = st.tabs(list(SECTIONS), key="section", bind="query-params")
    for tab, show in zip(tabs, SECTIONS.values(), strict=True):
        if tab.open:
            with tab, errors_shown():
                show(workspace, dataset, split)


open_page("Datasets", "Bring pictures with labels, see what is in them, and split them for training.")
workspace = open_workspace()
if made := show_jobs(workspace):
    choose("dataset", made)
chooser, way_on = st.columns([3, 1], vertical_alignment="bottom")
with chooser:
    dataset_id = pick_dataset(workspace)
with (
    st.expander("Bring more pictures", icon=":material/add_photo_alternate:")
    if dataset_id
    else st.container()
):
    bring_pictures(workspace)
if dataset_id is not None:
    with way_on:
        button_to(TRAIN_CNN, "Train on it", key="train", icon=":material/layers:", dataset=dataset_id)
    with errors_shown():
        show_dataset(workspace, dataset_id)
for damaged in damaged_datasets(workspace):
    with errors_shown():
        show_dataset(workspace, damaged)
