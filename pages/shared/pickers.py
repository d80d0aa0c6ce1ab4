"""Choosing among what the workspace holds; the choice stands in the address and survives a change of page."""

import json
from collections.abc import Collection, Mapping
from hashlib import sha1

import streamlit as st

from core.data.dataset import list_datasets
from core.workspace import Workspace
from pages.shared.text import count, numbered


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
    shown = dict(zip(words, numbered(words.values()), strict=True))
    chosen = _chosen(shown, key)
    # Streamlit's browser side knows an option by its words alone: with other words it is another widget.
    widget = f"{key}_among_{sha1(json.dumps(shown).encode()).hexdigest()}"

    def take_over() -> None:
        st.session_state[key] = st.session_state[widget]

    st.session_state[widget] = chosen
    chosen = st.selectbox(label, list(shown), format_func=shown.__getitem__, key=widget, on_change=take_over)
    st.session_state[key] = st.session_state[f"{key}_in_address"] = st.query_params[key] = chosen
    return chosen


def _chosen(ids: Collection[str], key: str) -> str:
    """What the address asks for if that is new, else what was chosen before, else the first."""
    asked = st.query_params.get(key)
    if asked in ids and asked != st.session_state.get(f"{key}_in_address"):
        return str(asked)
    before = st.session_state.get(key)
    return str(before) if before in ids else next(iter(ids))
