"""What is read once for all pages and all browsers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.dataset import Dataset, Picture, load_dataset
from core.data.decoding import open_picture
from core.data.splitting import Split, load_split
from core.data.thumbnails import thumbnail
from core.errors import DatasetError, PictureRejected
from core.workspace import Workspace, folder_of, open_workspace


def dataset_of(workspace: Workspace, dataset_id: str) -> Dataset:
    """The data set as it stands on disk now.

    Raises:
        DatasetError: it is gone or damaged.
    """
    manifest = folder_of(workspace.datasets, dataset_id) / "manifest.json"
    written = manifest.stat().st_mtime_ns if manifest.exists() else 0
    return _dataset(str(workspace.root), dataset_id, written)


def split_of(dataset: Dataset, split_id: str) -> Split:
    """The split of that id, which never changes.

    Raises:
        DatasetError: there is none, or it is damaged.
    """
    return _split(dataset, str(dataset.folder), split_id)


def thumbnails_of(dataset: Dataset, indices: Sequence[int], side: int) -> list[np.ndarray]:
    """Pictures `indices` as uint8 (side, side, 4).

    Raises:
        DatasetError: a picture is gone or damaged; it is named.
    """
    return [_thumbnail_of(dataset, dataset.pictures[i], side) for i in indices]


def _thumbnail_of(dataset: Dataset, picture: Picture, side: int) -> np.ndarray:
    try:
        return _thumbnail(str(dataset.folder), picture.file, side)
    except PictureRejected as damage:
        raise DatasetError(
            f"{picture.name} can't be read any more: {damage.problem}", fix="Import the data set again."
        ) from damage


@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(root: str, dataset_id: str, written: int) -> Dataset:
    return load_dataset(open_workspace(Path(root)), dataset_id)


@st.cache_resource(max_entries=32, show_spinner=False)
def _split(_dataset: Dataset, folder: str, split_id: str) -> Split:
    return load_split(_dataset, split_id)


@st.cache_data(max_entries=5_000, show_spinner=False)
def _thumbnail(folder: str, file: str, side: int) -> np.ndarray:
    return thumbnail(open_picture(Path(folder) / file, at_least=(side, side)), side)
