"""What becomes of the answers: a table, the pictures sorted into folders, the next version of a data set."""

from __future__ import annotations

import hashlib

import streamlit as st

from core.data.splitting import load_split
from core.data.versions import Labelled, next_name, next_version
from core.runs.store import Run
from core.serving.results_csv import results_csv
from core.serving.sorted_zip import write_sorted_zip
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, button_to
from pages.shared.text import count, plain, size
from pages.use.chosen_model import ChosenModel
from pages.use.set_results import SetResults

Made = tuple[str, str]  # the id of a new version, and what it has
MOST_TO_SEND = 400_000_000  # bytes: a download passes through memory


def show_taking(results: SetResults, model: ChosenModel, workspace: Workspace) -> None:
    """The three, side by side."""
    with st.container(horizontal=True):
        opinions = [results.opinion, *([results.other] if results.other else [])]
        st.download_button(
            "Download as CSV",
            lambda: results_csv(results.names, opinions, results.truths, results.rejected).encode(
                "utf-8-sig"
            ),
            file_name=f"predictions-{results.pictures.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="Every file, with the probability of every class.",
        )
        with errors_shown():
            _sorted_pictures(results)
    if results.labelled and model.run is not None:
        with errors_shown():
            _next_version(results, model.run, workspace)


def _sorted_pictures(results: SetResults) -> None:
    """A zip with one folder a class; written when it is asked for, then offered."""
    words = results.opinion.words
    digest = hashlib.sha256(repr((words, results.positions)).encode()).hexdigest()[:12]
    target = results.pictures.folder / f"sorted-{digest}.zip"
    if not target.exists():
        label, words_of_help = "Sort into folders", "A zip of the pictures with one folder for each answer."
        if st.button(label, icon=":material/folder_zip:", key="sort", help=words_of_help):
            for earlier in results.pictures.folder.glob("sorted-*.zip"):
                earlier.unlink(missing_ok=True)
            bar = st.empty()
            write_sorted_zip(
                target,
                [(name, results.path(row), words[row]) for row, name in enumerate(results.names)],
                on_progress=lambda done, total, what: bar.progress(done / total, text="Packing"),
            )
            st.rerun()
        return
    if target.stat().st_size > MOST_TO_SEND:
        st.markdown(f"The zip ({size(target.stat().st_size)}) is too large for the browser. It is here:")
        st.code(str(target), language=None)
        return
    st.download_button(
        f"Download the sorted pictures ({size(target.stat().st_size)})",
        target.read_bytes,
        file_name=f"sorted-{results.pictures.id}.zip",
        mime="application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        key="sorted",
    )


def _next_version(results: SetResults, run: Run, workspace: Workspace) -> None:
    """The labelled pictures join the data set that the model was trained on, as a new one."""
    config = run.config()
    dataset = dataset_of(workspace, str(config.get("dataset_id")))
    with st.container(border=True):
        st.markdown(
            f"You have labelled {count(len(results.labelled), 'picture')}. They can join "
            f"**{plain(dataset.name)}** as **{plain(next_name(dataset.name))}**: a new data set with all old "
            "pictures on their side of the split, and these to learn from. The old one stays as it is."
        )
        added = [
            Labelled(results.names[row], results.path(row), str(results.truths[row]))
            for row in results.labelled
        ]
        made: dict[str, Made] = st.session_state.setdefault("made_versions", {})
        digest = hashlib.sha256(repr((dataset.id, added)).encode()).hexdigest()
        if digest in made:  # a second press makes no second one
            made_id, words = made[digest]
            st.success(plain(words), icon=":material/check:")
            button_to(DATASETS, "Look at it", key="go_version", dataset=made_id)
        elif st.button("Make the new version", icon=":material/library_add:", key="version", type="primary"):
            split = load_split(dataset, str(config.get("split_id")))
            with st.spinner("Making the new version", show_time=False):
                version = next_version(workspace, dataset, split, added)
            more = len(version.pictures) - len(dataset.pictures)
            made[digest] = (version.id, f"{version.name} has {count(more, 'new picture')}.")
            st.rerun()
