"""The ways to give pictures to a model; each makes a set of them."""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.splitting import load_split
from core.filtering.pictures import Photo, photo_path
from core.runs.prediction_jobs import KEPT_DAYS, create_set, prediction_sets
from core.runs.store import Run
from core.serving.prediction_set import MOST_PICTURES
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.text import count, plain
from pages.use.current_set import drop_set, open_set

FILES, FOLDER, ZIP, CAMERA, SAMPLES = "Files", "Folder", "Zip", "Camera", "Data set"
PHOTOS = "Photos"  # for a model without a data set
MOST_MEGABYTES, MOST_ZIP_MEGABYTES = 50, 500
SAMPLE_SIZE = 12


def give_pictures(workspace: Workspace, run: Run | None) -> None:
    """Whatever is given becomes the set that the page shows."""
    ways = [FILES, FOLDER, ZIP, CAMERA, *([SAMPLES if run is not None else PHOTOS])]
    if st.session_state.get("way") not in ways:  # a default beside a set value would be warned of in the log
        st.session_state["way"] = FILES
    way = st.segmented_control("Pictures", ways, required=True, key="way", width="stretch")
    with errors_shown():
        if way == SAMPLES and run is not None:
            _samples(workspace, run)
        elif way == PHOTOS:
            _photos(workspace)
        elif way == CAMERA:
            shot = st.camera_input("Take a picture", label_visibility="collapsed", key=_fresh_key("camera"))
            if shot is not None:
                _take(workspace, [shot], "Photograph")
        elif way == ZIP:
            _zip(workspace)
        else:
            _files(workspace, way == FOLDER)
    _earlier(workspace)


def take_samples() -> None:
    """Make test pictures of the run's own data set the given ones; for a button's `on_click`."""
    st.session_state["way"] = SAMPLES
    st.session_state["take_samples"] = True


def take_photos() -> None:
    """Make two photos of scikit-learn the given pictures; for a button's `on_click`."""
    st.session_state["way"] = PHOTOS
    st.session_state["take_photos"] = True


def _photos(workspace: Workspace) -> None:
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


def _files(workspace: Workspace, folder: bool) -> None:
    uploads = st.file_uploader(
        f"At most {MOST_PICTURES:,} pictures, {MOST_MEGABYTES} MB each"
        + ("; sub-folders with the names of classes tell the true ones" if folder else "")
        + "; a zip of many arrives sooner",
        accept_multiple_files="directory" if folder else True,
        max_upload_size=MOST_MEGABYTES,
        key=_fresh_key("folder" if folder else "pictures"),
    )
    if uploads:
        name = _top(uploads[0].name) if folder else uploads[0].name
        more = f" and {count(len(uploads) - 1, 'other')}" if len(uploads) > 1 and not folder else ""
        _take(workspace, uploads, name + more)


def _zip(workspace: Workspace) -> None:
    upload = st.file_uploader(
        f"A zip, at most {MOST_PICTURES:,} pictures and {MOST_ZIP_MEGABYTES} MB; sub-folders with the names "
        "of classes tell the true ones",
        max_upload_size=MOST_ZIP_MEGABYTES,
        key=_fresh_key("zip"),
    )
    if upload is not None:
        _take(workspace, [upload], upload.name, packed=True)


def _samples(workspace: Workspace, run: Run) -> None:
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


def _take(workspace: Workspace, uploads: Sequence[Any], name: str, *, packed: bool = False) -> None:
    """Store what a browser sent; the uploader empties, and its memory is freed."""
    with st.spinner("Storing the pictures", show_time=False):
        made = create_set(workspace, name, [(upload.name, upload) for upload in uploads], packed=packed)
    st.session_state["pictures_taken"] = st.session_state.get("pictures_taken", 0) + 1
    open_set(made)
    st.rerun()


def _earlier(workspace: Workspace) -> None:
    """Sets that were given before, to open or delete."""
    sets = prediction_sets(workspace)
    if not sets:
        return
    with st.popover(f"Earlier sets ({len(sets)})", icon=":material/history:", width="stretch"):
        st.caption(f"Pictures and answers are kept on this machine for {KEPT_DAYS} days.")
        for each in sets:
            with st.container(horizontal=True, vertical_alignment="center"):
                if st.button(plain(each.name), key=f"open_{each.id}", type="tertiary", width="stretch"):
                    open_set(each)
                    st.rerun()
                if st.button("", key=f"drop_{each.id}", icon=":material/delete:", help="Delete it."):
                    with errors_shown():
                        drop_set(each)
                        st.rerun()


def _top(name: str) -> str:
    """The outermost folder in a name."""
    return name.replace("\\", "/").split("/")[0] or "Folder"


def _fresh_key(name: str) -> str:
    return f"{name}_{st.session_state.get('pictures_taken', 0)}"
