"""Which model predicts: one trained here, one from elsewhere, or a backbone that knows ImageNet."""

from __future__ import annotations

import streamlit as st

from core.models.source import Source, key_of, parse_key
from core.serving.model_sources import ModelSource, backbones_here, own_models
from core.workspace import Workspace
from pages.look.network import backbones, title
from pages.look.weights import have_weights
from pages.shared.pickers import choose, pick
from pages.use.chosen_model import ChosenModel, model_of

KEY, BESIDE = "model", "beside"
NOBODY = ""


def choose_model(workspace: Workspace) -> ChosenModel | None:
    """The user's choice; None while its weights are missing, which the page then shows how to mend.

    `?model=<key>` in the address chooses it, and so does `?run=<id>`.
    """
    own, here = own_models(workspace), backbones_here(workspace)
    known = {each.key: _words(each) for each in (*own, *here)}
    others = {
        key_of(Source.BACKBONE, name): f"{title(name)}  ·  ImageNet, to be fetched" for name in backbones()
    }
    words = {**known, **{key: said for key, said in others.items() if key not in known}}
    _follow_run(words)
    key = pick("Model", words, key=KEY)
    source, model_id = parse_key(key)
    if source is Source.BACKBONE:
        name = title(model_id)
        if have_weights(workspace, model_id, name, or_untrained=False) is None:
            return None
        return model_of(workspace, key, name)
    return model_of(workspace, key, next(each.name for each in own if each.key == key))


def choose_second(workspace: Workspace, first: ChosenModel) -> ChosenModel | None:
    """Another model beside it, of those that are here; None for none."""
    models = {each.key: each for each in (*own_models(workspace), *backbones_here(workspace))}
    models.pop(first.key, None)
    if not models:
        return None
    words = {NOBODY: "no other model", **{key: _words(each) for key, each in models.items()}}
    chosen = pick("Compare with", words, key=BESIDE)
    return None if chosen == NOBODY else model_of(workspace, chosen, _name(models[chosen]))


def _name(model: ModelSource) -> str:
    return title(model.name) if model.source is Source.BACKBONE else model.name


def _words(model: ModelSource) -> str:
    match model.source:
        case Source.RUN if model.accuracy is not None:
            more = f"{model.accuracy:.1%} validation accuracy"
        case Source.RUN:
            more = "trained here"
        case Source.IMPORTED:
            more = "from elsewhere"
        case Source.BACKBONE:
            more = "knows ImageNet"
    return f"{_name(model)}  ·  {more}"


def _follow_run(words: dict[str, str]) -> None:
    """Take over the run that another page leads here with, or where it was the choice."""
    asked = st.query_params.pop("run", None) if "run" in st.query_params else None
    run = asked or (st.session_state.get("run") if KEY not in st.session_state else None)
    if run is not None and key_of(Source.RUN, run) in words:
        choose(KEY, key_of(Source.RUN, run))
