"""Pictures that are here already: those of the run's own data set, and two photos."""

import random
from contextlib import ExitStack
from pathlib import Path

import streamlit as st

from core.data.splitting import load_split
from core.filtering.pictures import Photo, photo_path
from core.runs.prediction_jobs import create_set
from core.runs.store import Run
from core.serving.prediction_set import MOST_PICTURES
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.text import count, plain
from pages.use.current_set import open_set

SAMPLES, PHOTOS = "Data set", "Photos"  # ways to give pictures; photos for a model without a data set
SAMPLE_SIZE = 12


def take_samples() -> None:
    """Make test pictures of the run's own data set the given ones; for a button's `on_click`."""
    st.session_state["way"] = SAMPLES
    st.session_state["take_samples"] = True


def take_photos() -> None:
    """Make two photos of scikit-learn the given pictures; for a button's `on_click`."""
    st.session_state["way"] = PHOTOS
    st.session_state["take_photos"] = True


def show_samples(workspace: Workspace, run: Run) -> None:
    """Test pictures of the run's own data set: it has not learned from them."""
    config = run.config()
    dataset = dataset_of(workspace, str(config.get("dataset_id")))
    split = load_split(dataset, str(config.get("split_id")))
    unseen, part = (split.test, "test") if split.test else (split.valid, "validation")
    st.caption(
        f"{plain(dataset.name)} has {count(len(unseen), f'{part} picture')}, which the run did not learn "
        "from."
    )
    if not unseen:
        return
    most = min(len(unseen), MOST_PICTURES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("How many", 1, most, min(SAMPLE_SIZE, most), key="samples", width=140)
        asked = st.button("Predict them", icon=":material/casino:", help="Drawn anew each time.")
    if asked or st.session_state.pop("take_samples", False):
        chosen = sorted(random.sample(unseen, int(number)))
        pictures = [dataset.pictures[index] for index in chosen]
        name = f"{count(len(chosen), f'{part} picture')} of {dataset.name}"
        _open_files(workspace, name, [(picture.name, dataset.path(picture)) for picture in pictures])


def show_photos(workspace: Workspace) -> None:
    paths = [photo_path(kind) for kind in Photo]
    with st.container(horizontal=True):
        for path in paths:
            st.image(path, width=120, alt=path.name)
    if st.button("Predict them", key="predict_photos") or st.session_state.pop("take_photos", False):
        _open_files(workspace, "Two photos", [(path.name, path) for path in paths])


def _open_files(workspace: Workspace, name: str, files: list[tuple[str, Path]]) -> None:
    """Make a set of files of this machine, and show it."""
    with ExitStack() as opened:
        streams = [(label, opened.enter_context(path.open("rb"))) for label, path in files]
        made = create_set(workspace, name, streams)
    open_set(made)
    st.rerun()
