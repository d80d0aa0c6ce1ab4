"""Bringing pictures in: four ways, then the import's progress and its end."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.data.dataset import MAX_NAME, Rejected
from core.data.importing import ImportConfig, SourceKind
from core.data.sources import typed_path
from core.errors import ImportRefused
from core.runs.import_jobs import (
    Upload,
    forget_import,
    import_jobs,
    source_kind_of,
    start_import,
    start_upload_import,
    tidy_imports,
)
from core.runs.jobs import REJECTED_FILE
from core.runs.overview import overview_of
from core.runs.store import Run, RunState
from core.workspace import Workspace, read_json
from pages.data.report import show_rejected
from pages.shared.errors import errors_shown
from pages.shared.job import show_end, watch_job
from pages.shared.page import ASSETS
from pages.shared.text import plain

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


def show_jobs(workspace: Workspace) -> str | None:
    """Progress and ends of imports; the id of the data set that this browser's import has just made."""
    tidy_imports(workspace)
    mine = st.session_state.get("import_job")
    made = None
    for run in import_jobs(workspace):
        if damage := overview_of(run).damage:
            _show_damaged(run, damage)
            continue
        status = run.status()
        if status.state.is_active:
            watch_job(run)
        elif status.state in (RunState.FAILED, RunState.LOST):
            _show_failure(run)
        elif run.id == mine:
            made = status.result.get("dataset_id")
            if made is None:
                st.toast("The import was cancelled; nothing was changed.")
            del st.session_state["import_job"]
    return made


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


def _show_damaged(run: Run, damage: str) -> None:
    st.markdown("**The record of an import is damaged.** If its data set is not in the list, bring it again.")
    st.caption(plain(damage))
    _dismissal(run)


def _show_failure(run: Run) -> None:
    status = run.status()
    st.markdown(f"**{plain(run.name)}** was not imported; nothing was changed.")
    if status.state is RunState.LOST:
        status = replace(status, message="The import's process has died.", fix="Bring the pictures again.")
    named = run.folder / REJECTED_FILE
    if named.exists():
        status = replace(status, message="No picture could be used. The table says why, file by file.")
    show_end(status)
    if named.exists():
        show_rejected(Rejected(**row) for row in read_json(named))
    _dismissal(run)


def _dismissal(run: Run) -> None:
    if st.button("Dismiss", key=f"dismiss_{run.id}"):
        forget_import(run)
        st.rerun()
