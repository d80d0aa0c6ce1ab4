"""The ways to give pictures to a model; each makes a set of them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.runs.prediction_jobs import KEPT_DAYS, create_set, prediction_sets
from core.runs.store import Run
from core.serving.prediction_set import MOST_PICTURES
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.text import count, plain
from pages.use.current_set import drop_set, open_set
from pages.use.picture_samples import PHOTOS, SAMPLES, show_photos, show_samples

FILES, FOLDER, ZIP, CAMERA = "Files", "Folder", "Zip", "Camera"
MOST_MEGABYTES, MOST_ZIP_MEGABYTES = 50, 500


def give_pictures(workspace: Workspace, run: Run | None) -> None:
    """Whatever is given becomes the set that the page shows."""
    ways = [FILES, FOLDER, ZIP, CAMERA, *([SAMPLES if run is not None else PHOTOS])]
    if st.session_state.get("way") not in ways:  # a default beside a set value would be warned of in the log
        st.session_state["way"] = FILES
    way = st.segmented_control("Pictures", ways, required=True, key="way", width="stretch")
    with errors_shown():
        if way == SAMPLES and run is not None:
            show_samples(workspace, run)
        elif way == PHOTOS:
            show_photos(workspace)
        elif way == CAMERA:
            shot = st.camera_input("Take a picture", label_visibility="collapsed", key=_fresh_key("camera"))
            if shot is not None:
                _take(workspace, [shot], "Photograph")
        elif way == ZIP:
            _zip(workspace)
        else:
            _files(workspace, way == FOLDER)
    _earlier(workspace)


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
