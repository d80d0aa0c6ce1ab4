"""Bringing pictures in: the four ways."""

from pathlib import Path

import streamlit as st

from core.data.dataset import MAX_NAME
from core.data.importing import ImportConfig, SourceKind
from core.data.sources import typed_path
from core.errors import ImportRefused
from core.runs.import_jobs import (
    Upload,
    source_kind_of,
    start_import,
    start_upload_import,
)
from core.runs.store import Run
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.page import ASSETS

LAYOUTS = """
One sub-folder per class; its name is the class. Ready-made splits are understood, as is a wrapping folder:

```
pets/cat/1.jpg            pets/train/cat/1.jpg
pets/dog/7.png            pets/valid/dog/7.png
                          pets/test/cat/9.jpg
```
PNG, JPEG, GIF, WEBP, BMP, TIFF and PPM, told by content, whatever the file is called.
"""


def bring_pictures(workspace: Workspace) -> None:
    """The four ways in."""
    sample, zipped, folder, server = st.tabs(["Sample digits", "Zip file", "Folder", "Path on the server"])
    with sample, errors_shown():
        st.markdown(
            "1,797 handwritten digits of 8 x 8 grey pixels from scikit-learn: ten classes, about 180 each. "
            "Small enough to train on in seconds."
        )
        st.image(ASSETS / "step_data.svg", width=240)
        if st.button("Use the sample digits", key="sample", type="primary"):
            _begin(start_import(workspace, ImportConfig("Sample digits", SourceKind.SAMPLE_DIGITS)))
    with zipped, errors_shown():
        _from_zip(workspace)
    with folder, errors_shown():
        _from_folder(workspace)
    with server, errors_shown():
        _from_path(workspace)


def _from_zip(workspace: Workspace) -> None:
    st.markdown(LAYOUTS)
    st.caption("A larger zip that is on this machine already needs no upload: give its path.")
    file = st.file_uploader("Zip file", accept_multiple_files=False, key=_fresh_key("zip"))
    if file is not None and st.button("Import the zip", type="primary"):
        config = ImportConfig(_named(Path(file.name).stem), SourceKind.ZIP, came_as=file.name)
        _begin_upload(workspace, config, [(file.name, file)])


def _from_folder(workspace: Workspace) -> None:
    st.markdown(LAYOUTS)
    files = st.file_uploader("Folder", accept_multiple_files="directory", key=_fresh_key("folder"))
    if files and st.button(f"Import {len(files):,} files", type="primary"):
        top = files[0].name.replace("\\", "/").split("/")[0]
        config = ImportConfig(_named(top), SourceKind.UPLOADS, came_as=top)
        _begin_upload(workspace, config, [(file.name, file) for file in files])


def _from_path(workspace: Workspace) -> None:
    st.markdown("For data that is on this machine already, of any size: a folder, or a zip file.")
    given = st.text_input("Path", placeholder="~/pictures/pets", key="server_path")
    if st.button("Import from this path", key="import_path", type="primary", disabled=not given.strip()):
        path = typed_path(given)
        if not path.is_absolute() or not path.exists():
            raise ImportRefused(
                f"There is nothing at {given.strip()}.",
                expected="the absolute path of a folder or zip on the machine that runs the app",
                fix="Check the spelling.",
            )
        kind = source_kind_of(path)
        name = path.stem if kind is SourceKind.ZIP else path.name
        _begin(start_import(workspace, ImportConfig(_named(name), kind, str(path))))


def _named(origin: str) -> str:
    """A data set's name after the file or folder that it came as."""
    return origin[:MAX_NAME].strip() or "Pictures"


def _begin_upload(workspace: Workspace, config: ImportConfig, uploads: list[Upload]) -> None:
    with st.spinner("Storing the upload"):
        run = start_upload_import(workspace, config, uploads)
    st.session_state["uploads_taken"] = st.session_state.get("uploads_taken", 0) + 1
    _begin(run)


def _begin(run: Run) -> None:
    st.session_state["import_job"] = run.id
    st.rerun()


def _fresh_key(name: str) -> str:
    """A new key after each upload that was taken: the uploader empties, and its memory is freed."""
    return f"{name}_{st.session_state.get('uploads_taken', 0)}"
