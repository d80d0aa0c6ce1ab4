"""The channels of a layer in numbers: for this picture, and over pictures of a data set."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.data.dataset import list_datasets
from core.data.parallel import in_threads, never
from core.errors import DatasetError, PictureRejected
from core.workspace import Workspace
from pages.look.maps import Shown
from pages.shared.caches import dataset_of
from pages.shared.text import count, plain

if TYPE_CHECKING:
    from core.insight.statistics import ChannelFacts
    from core.insight.subject import Subject

BATCH, PASS = 32, 8  # pictures in all, and at once
NAMED = 40  # channels


def show_statistics(workspace: Workspace, subject: Subject, shown: Shown) -> None:
    from core.insight.statistics import channel_facts

    facts = channel_facts(shown.maps[None])
    dataset_id = _dataset_id(workspace)
    over = None
    if dataset_id is not None:
        dataset = dataset_of(workspace, dataset_id)
        pictures = count(min(BATCH, len(dataset.pictures)), "picture")
        if st.toggle(f"Over {pictures} of {plain(dataset.name)} as well", key="over_batch"):
            over = _over_batch(subject.key, shown.place.row, dataset_id, subject, dataset)
            st.markdown(_dead_words(over))
    table = pd.DataFrame(_columns(facts))
    if over is not None:
        table = table.join(pd.DataFrame(_columns(over)).add_suffix(f", {pictures}"))
    table.insert(0, "Channel", range(len(table)))
    st.dataframe(table, hide_index=True, height=320)


def _dead_words(over: ChannelFacts) -> str:
    dead, channels = over.dead, len(over.mean)
    if not len(dead):
        return f"Every one of the {channels:,} channels puts out something for at least one of them."
    named = ", ".join(map(str, dead[:NAMED].tolist())) + (" …" if len(dead) > NAMED else "")
    return (
        f"**{count(len(dead), 'channel')} of {channels:,} put out nothing but 0** for all of them: dead, or "
        f"made for what these pictures don't show. They are {named}."
    )


def _columns(facts: ChannelFacts) -> dict[str, np.ndarray]:
    return {
        "Mean": facts.mean,
        "Mean absolute value": facts.activity,
        "Least": facts.low,
        "Greatest": facts.high,
        "Zeros, %": 100 * facts.zeros,
    }


def _dataset_id(workspace: Workspace) -> str | None:
    """The data set that is chosen, else the first one."""
    known = [dataset.id for dataset in list_datasets(workspace)]
    chosen = st.session_state.get("dataset")
    return chosen if chosen in known else next(iter(known), None)


@st.cache_data(max_entries=32, ttl=3600, show_spinner="Looking at the pictures")
def _over_batch(key: str, row: int, dataset_id: str, _subject: Subject, _dataset) -> ChannelFacts:
    from core.insight.recording import maps_of, record
    from core.insight.statistics import channel_facts

    pictures = _dataset.pictures
    chosen = random.Random(0).sample(range(len(pictures)), min(BATCH, len(pictures)))

    def read(index: int) -> np.ndarray | None:
        try:
            return _subject.read(_dataset.path(pictures[index]))
        except PictureRejected:
            return None

    with closing(in_threads(read, chosen, should_stop=never)) as pairs:
        found = [pixels for _, pixels in pairs if pixels is not None]
    if not found:
        raise DatasetError(
            f"The pictures of {_dataset.name} can't be read any more.", fix="Import the data set again."
        )
    batches = [found[at : at + PASS] for at in range(0, len(found), PASS)]
    facts = []
    for batch in batches:
        recording = record(_subject, _subject.batch(batch), [row])
        facts.append(channel_facts(maps_of(_subject, recording, row)))
    return _together(facts, [len(batch) for batch in batches])


def _together(facts: Sequence[ChannelFacts], sizes: Sequence[int]) -> ChannelFacts:
    """The facts of all pictures, of which `sizes` have those in `facts`."""
    from core.insight.statistics import ChannelFacts

    def mean(of: str) -> np.ndarray:
        return np.average([getattr(each, of) for each in facts], axis=0, weights=sizes)

    low, high = (np.stack([getattr(each, of) for each in facts]) for of in ("low", "high"))
    return ChannelFacts(mean("mean"), mean("activity"), low.min(0), high.max(0), mean("zeros"))
