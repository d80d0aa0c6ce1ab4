"""Choosing among what the workspace holds; the choice stands in the address and survives a change of page."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.data.dataset import list_datasets
from core.workspace import Workspace
from pages.shared.text import count


def choose(key: str, item_id: str) -> None:
    """Make `item_id` the choice of the picker `key`; call it before the picker."""
    st.session_state[key] = item_id


def pick_dataset(workspace: Workspace) -> str | None:
    """The id of the data set that the user works with; None if there is none yet."""
    words = {
        dataset.id: f"{dataset.name}  ·  {count(dataset.classes, 'class', 'classes')}, "
        f"{count(dataset.pictures, 'picture')}"
        for dataset in list_datasets(workspace)
    }
    return pick("Data set", words, key="dataset") if words else None


def pick(label: str, words: Mapping[str, str], *, key: str) -> str:
    """One of the ids in `words`, each shown by its words; `?key=id` in the address chooses it too."""
    asked, known = st.query_params.get(key), f"{key}_in_address"
    if asked in words and asked != st.session_state.get(known):
        st.session_state[key] = asked
    if st.session_state.get(key) not in words:
        st.session_state.pop(key, None)
    options: dict[str, Any] = {"key": key, "persist_state": "session", "format_func": words.__getitem__}
    chosen = st.selectbox(label, list(words), **options)
    st.session_state[known] = st.query_params[key] = chosen
    return chosen
