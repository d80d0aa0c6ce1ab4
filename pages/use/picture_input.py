"""Three ways to give pictures to a network."""

import random
from collections.abc import Sequence

import streamlit as st

from core.data.splitting import load_split
from core.runs.store import Run
from core.serving.picture_files import MOST_FILES, PictureFile
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.text import count, plain

UPLOAD, CAMERA, SAMPLES = "Upload", "Camera", "From the data set"
MOST_MEGABYTES = 50  # a file
SAMPLE_SIZE = 8

Given = tuple[list[PictureFile], tuple[str, ...]]


def give_pictures(workspace: Workspace, run: Run) -> Given:
    """The files that the user gives, and what tells them from others."""
    st.session_state.setdefault("way", UPLOAD)  # a default beside a set value would be warned of in the log
    way = st.segmented_control(
        "Pictures", [UPLOAD, SAMPLES, CAMERA], required=True, key="way", width="stretch"
    )
    if way == SAMPLES:
        return _samples(workspace, run)
    if way == CAMERA:
        shot = st.camera_input("Take a picture", label_visibility="collapsed")
        return _uploads([] if shot is None else [shot])
    uploads = st.file_uploader(
        f"One or many pictures, at most {MOST_MEGABYTES} MB each",
        accept_multiple_files=True,
        max_upload_size=MOST_MEGABYTES,
        key="pictures",
    )
    if len(uploads) > MOST_FILES:
        st.warning(f"Only the first {count(MOST_FILES, 'file')} are predicted. Predict the rest from Python.")
    return _uploads(uploads)


def take_samples() -> None:
    """Make pictures of the data set the given ones; for a button's `on_click`."""
    st.session_state["way"] = SAMPLES


def _uploads(uploads: Sequence) -> Given:
    files = [PictureFile(upload.name, upload) for upload in uploads]
    return files, tuple(upload.file_id for upload in uploads)


def _samples(workspace: Workspace, run: Run) -> Given:
    """Some test pictures of the run's own data set: it has not learned from them."""
    config = run.config()
    dataset = dataset_of(workspace, str(config.get("dataset_id")))
    split = load_split(dataset, str(config.get("split_id")))
    unseen, part = (split.test, "test") if split.test else (split.valid, "validation")
    draw = st.session_state.setdefault("sample_draw", 0)
    chosen = random.Random(draw).sample(unseen, min(SAMPLE_SIZE, len(unseen)))
    st.caption(
        f"{count(len(chosen), 'picture')} of {plain(dataset.name)} from the {part} split: the run did not "
        "learn from them. The folder in a name is its true class."
    )
    if st.button("Draw others", icon=":material/casino:"):
        st.session_state["sample_draw"] = draw + 1
        st.rerun()
    pictures = [dataset.pictures[index] for index in chosen]
    files = [PictureFile(picture.name, dataset.path(picture)) for picture in pictures]
    return files, tuple(picture.key for picture in pictures)
