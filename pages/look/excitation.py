"""The pictures of a data set that excite the chosen channel most, with the patch that does it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
import streamlit as st

from core.data.dataset import Dataset, list_datasets
from core.data.thumbnails import enlarged
from core.errors import InsightError, PictureRejected, WorkbenchError
from core.insight.patch import patch_of, with_frame
from core.records import to_json
from core.runs.excitations import ExcitationConfig, excitation_file, searches, start_excitation
from core.runs.store import Run, RunState, open_run
from core.workspace import Workspace
from pages.look.maps import Shown
from pages.look.network import Network
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.job import show_end, watch_job
from pages.shared.page import DATASETS, empty_state
from pages.shared.pickers import pick
from pages.shared.text import count, plain

if TYPE_CHECKING:
    from core.insight.excitation import Excitation
    from core.insight.subject import Subject

COUNTS = (200, 1_000, 5_000)
SIDE = 150  # pixels
JOB = "search"


def show_excitation(workspace: Workspace, network: Network, subject: Subject, shown: Shown) -> None:
    datasets = {dataset.id: dataset.name for dataset in list_datasets(workspace)}
    if not datasets:
        empty_state("There are no pictures to search yet.", DATASETS, "Bring pictures", key="bring")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = dataset_of(workspace, pick("Search in", datasets, key="dataset"))
        most = len(dataset.pictures)
        counts = [number for number in COUNTS if number < most] + [most]
        number = int(
            st.selectbox("Pictures", counts, key=f"search {counts}", format_func="{:,}".format, width=120)
        )
        config = ExcitationConfig(
            f"What excites {shown.place.name}",
            network.ref,
            subject.key,
            dataset.id,
            shown.place.row,
            number,
        )
        file = excitation_file(workspace, config)
        job = _job(workspace)
        at_work = job is not None and job.status().state.is_active
        if not file.exists() and st.button(
            "Search", type="primary", icon=":material/search:", disabled=at_work
        ):
            with errors_shown():
                st.session_state[JOB] = start_excitation(workspace, config).id
                st.rerun()
    if job is not None and at_work:
        watch_job(job)
    elif file.exists():
        _show_found(subject, dataset, shown, file)
    elif job is not None and _went_wrong(job, config):
        show_end(job.status())
    else:
        st.caption(
            f"Sends {count(number, 'picture')} through the network, and finds for every channel of this "
            "layer the ones that its greatest values come from."
        )


def _show_found(subject: Subject, dataset: Dataset, shown: Shown, file: Path) -> None:
    excitation = _found(file, file.stat().st_mtime_ns)
    if not excitation.seen:
        st.warning(
            f"None of the pictures could be read. Import {plain(dataset.name)} again.",
            icon=":material/broken_image:",
        )
        return
    dead = excitation.dead
    channel = shown.channel
    low, high = excitation.low[channel], excitation.high[channel]
    st.markdown(
        f"**Channel {channel}** put out {low:.3g} to {high:.3g} for {count(excitation.seen, 'picture')}, 0 "
        f"at {excitation.zeros[channel]:.0%} of all places. {count(len(dead), 'channel')} of "
        f"{len(excitation.low):,} put out nothing but 0."
    )
    if channel in dead:
        st.info(
            "No picture excites this channel: there is nothing to see. Choose another one.",
            icon=":material/visibility_off:",
        )
        return
    pictures: list[np.ndarray] = []
    captions: list[str] = []
    for value, index, (row, column) in zip(
        excitation.values[channel], excitation.pictures[channel], excitation.places[channel], strict=True
    ):
        picture = dataset.pictures[int(index)]
        try:
            received = subject.read(dataset.path(picture))
        except PictureRejected:
            continue
        patch = patch_of(shown.place, int(row), int(column), received.shape[:2])
        pictures.append(with_frame(enlarged(received, SIDE), patch, received.shape[:2]))
        captions.append(f"{value:.3g} · {plain(picture.label)}")
    if not pictures:
        st.warning("The pictures that excite it can't be read any more.", icon=":material/broken_image:")
        return
    with st.container(horizontal=True):
        for framed, caption in zip(pictures, captions, strict=True):
            st.image(framed, caption=caption, width=SIDE, output_format="PNG")


def _went_wrong(job: Run, config: ExcitationConfig) -> bool:
    """Whether it was this search, and not one of another layer."""
    return job.status().state in (RunState.FAILED, RunState.LOST) and job.config() == to_json(config)


def _job(workspace: Workspace) -> Run | None:
    try:
        return open_run(searches(workspace), st.session_state[JOB])
    except (KeyError, WorkbenchError):
        return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _found(file: Path, written: int) -> Excitation:
    from core.insight.excitation import load_excitation

    try:
        return load_excitation(file)
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as damage:
        file.unlink(missing_ok=True)
        raise InsightError("The result of the search is damaged.", fix="Search again.") from damage
