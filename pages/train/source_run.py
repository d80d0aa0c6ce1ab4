"""The run that the next one starts from: its settings fill the form, and its best weights come along."""

from dataclasses import dataclass, replace

import streamlit as st

from core.data.dataset import Dataset
from core.errors import RunError
from core.models.cnn_walk import walk
from core.models.transfer import transfer
from core.models.walk import Walk
from core.records import from_json
from core.runs.store import Run, open_run
from core.training.config import CnnRunConfig
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.pickers import choose
from pages.shared.text import count, plain
from pages.train.source_controls import augmentation_controls, training_controls

ASKED, SOURCE, PRESET = "from", "source_run", "preset"
FROM_RUN = "source run"  # the choice among the presets that stands for the source's network
NAMED = 6  # layers that start afresh


@dataclass(frozen=True)
class Source:
    """A trained run; `config` is what it was made with, and without `with_weights` only that is taken."""

    run: Run
    config: CnnRunConfig
    with_weights: bool = True


def ask_for(run: Run) -> dict[str, str]:
    """The query of the train page that makes `run` the source, whatever the form holds now."""
    st.session_state.pop(f"{ASKED}_in_address", None)
    return {ASKED: run.id}


def source_run(workspace: Workspace) -> Source | None:
    """The source that the address asks for, which fills the form when it is new; else the one before."""
    asked = st.query_params.get(ASKED)
    if asked and asked != st.session_state.get(f"{ASKED}_in_address"):
        with errors_shown():
            _take_over(_open(workspace, asked))
    source: Source | None = st.session_state.get(SOURCE)
    if source is not None and source.with_weights and not (source.run.folder / "best.pt").exists():
        st.warning(f"The weights of {plain(source.config.name)} are gone: only its settings are left.")
        source = _without_weights(source)
    _into_address(source)
    return source


def show_source(source: Source, network: Walk, dataset: Dataset) -> None:
    """Which layers take weights over, which start afresh, and a button to do without."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="source"):
        st.markdown(
            f":material/fork_right: Starts from the weights of **{plain(source.config.name)}**: "
            + _what_comes_along(source, network, dataset),
            width="stretch",
        )
        st.button(
            "Start from fresh weights",
            key="fresh_weights",
            on_click=_without_weights,
            args=(source,),
            help="The settings in the form stay as they are.",
        )


def _open(workspace: Workspace, run_id: str) -> Source:
    run = open_run(workspace.runs, run_id)
    if not (run.folder / "best.pt").exists():
        raise RunError(
            f"Run {run.name} has no weights yet.", fix="Let it finish an epoch, or start from another run."
        )
    return Source(run, from_json(CnnRunConfig, run.config()))


def _take_over(source: Source) -> None:
    """Fill the form with the settings of `source`; call it before the form."""
    state, config = st.session_state, source.config
    state[SOURCE], state[PRESET] = source, FROM_RUN
    state.pop("draft", None)
    choose("dataset", config.dataset_id)
    state["resize"] = config.preprocessing.resize
    for key in [key for key in state if str(key).startswith(("size-", "color-", "name-"))]:
        del state[key]
    state.update(training_controls(config.training) | augmentation_controls(config.augmentation))


def _without_weights(source: Source) -> Source:
    """Keep the settings of `source`, and start from fresh weights."""
    st.session_state[SOURCE] = fresh = replace(source, with_weights=False)
    _into_address(fresh)
    return fresh


def _into_address(source: Source | None) -> None:
    if source is not None and source.with_weights:
        st.query_params[ASKED] = st.session_state[f"{ASKED}_in_address"] = source.run.id
    else:
        st.session_state.pop(f"{ASKED}_in_address", None)
        st.query_params.pop(ASKED, None)


def _what_comes_along(source: Source, network: Walk, dataset: Dataset) -> str:
    if network.problem:
        return "those that fit, once this network can be built."
    given = source.config
    found = transfer(walk(given.cnn, given.preprocessing.shape, given.outputs), network)
    if not found.taken:
        return "they fit no layer of this network, so all start afresh."
    words = "they fit all layers."
    if found.fresh:
        named = ", ".join(f"`{name}`" for name in found.fresh[:NAMED])
        more = f" and {len(found.fresh) - NAMED} more" if len(found.fresh) > NAMED else ""
        words = f"they fit {count(len(found.taken), 'layer')}. Afresh: {named}{more}."
    if given.classes != dataset.classes and "output" in found.taken:
        words += " The classes are others, so the last layer has to relearn."
    return words
