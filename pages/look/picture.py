"""The picture that is sent through the network: a sample, one of a data set, or the user's own."""

import hashlib
import random
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core.data.dataset import Dataset, list_datasets
from core.data.decoding import Source
from core.errors import DatasetError, RunError
from core.filtering.pictures import Photo, photo_path
from core.runs.store import Run
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.pickers import choose, pick_dataset
from pages.shared.text import plain

SAMPLE, DATASET, UPLOAD, CAMERA = "Sample", "Data set", "Upload", "Camera"
CARRIED = "Predict"
MOST_MEGABYTES = 50
WAY, BROUGHT = "picture_way", "carried_picture"
OWN = "own_data_set_of"


@dataclass(frozen=True)
class Given:
    """A picture file; `key` tells it from all others, `label` is its class where that is known."""

    name: str
    key: str
    source: Source
    label: str | None = None


def carry(name: str, content: bytes) -> None:
    """Bring a picture along from another page; call it before this one opens."""
    st.session_state[BROUGHT] = Given(name, hashlib.sha256(content).hexdigest(), content)
    st.session_state[WAY] = CARRIED


def choose_picture(workspace: Workspace, run: Run | None) -> Given | None:
    """The picture; None while the user has still to give one. A run's own data set comes first."""
    brought = [CARRIED] if BROUGHT in st.session_state else []
    known = [dataset.id for dataset in list_datasets(workspace)]
    _prefer_own(run, known)
    ways = [*brought, SAMPLE, *([DATASET] if known else []), UPLOAD, CAMERA]
    first = DATASET if run is not None and DATASET in ways else SAMPLE
    if st.session_state.get(WAY) not in ways:
        st.session_state[WAY] = first
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control("Picture", ways, required=True, key=WAY, wrap=True)
        if way == SAMPLE:
            name = st.selectbox("Sample", list(Photo), key="sample", width=130)
            return Given(name, f"sample {name}", photo_path(Photo(name)))
    if way == CARRIED:
        carried: Given = st.session_state[BROUGHT]
        st.caption(plain(carried.name))
        return carried
    if way == DATASET:
        return _of_dataset(workspace)
    if way == CAMERA:
        upload = st.camera_input("Take a picture", label_visibility="collapsed")
    else:
        label = f"A picture of yours, at most {MOST_MEGABYTES} MB"
        upload = st.file_uploader(label, max_upload_size=MOST_MEGABYTES, key="own_picture")
    if upload is None:
        return None
    return Given(upload.name, f"upload {upload.file_id}", upload)


def _prefer_own(run: Run | None, known: Collection[str]) -> None:
    """Choose the data set that `run` was trained on, whenever another run is looked into."""
    if run is None or st.session_state.get(OWN) == run.id:
        return
    st.session_state[OWN] = run.id
    with suppress(RunError):  # a run whose record is damaged still has its weights
        own = str(run.config().get("dataset_id"))
        if own in known:
            choose("dataset", own)


def _of_dataset(workspace: Workspace) -> Given | None:
    chosen = pick_dataset(workspace)
    if chosen is None:
        return None
    dataset = dataset_of(workspace, chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = _choose_index(dataset)
    picture = dataset.pictures[index]
    if not dataset.path(picture).exists():
        raise DatasetError(f"{picture.name} is gone from {dataset.name}.", fix="Choose another picture.")
    return Given(picture.name, picture.key, dataset.path(picture), picture.label)


def _choose_index(dataset: Dataset) -> int:
    """By number, for a data set may hold a hundred thousand; "Draw" takes any."""
    key = f"picture-{hashlib.sha1(dataset.id.encode()).hexdigest()[:8]}"
    most = len(dataset.pictures) - 1
    st.session_state[key] = min(st.session_state.get(key, 0), most)

    def draw() -> None:
        st.session_state[key] = random.randrange(most + 1)

    number = st.number_input("Picture's number", 0, most, key=key, width=130)
    st.button("", icon=":material/casino:", on_click=draw, key="draw_picture", help="Draw another picture")
    return int(number)
