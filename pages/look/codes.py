"""What the page shows, as code that a reader runs."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING

import streamlit as st

from core.insight.code import (
    Loading,
    attribution_code,
    filter_code,
    grad_cam_code,
    load_run,
    load_torchvision,
    load_with_core,
    map_code,
    map_core_code,
)
from core.models.backbone_choice import TRAINED
from core.models.channels import arrangements
from core.models.saved_model import SavedModel, load_model_description
from core.workspace import open_workspace
from pages.look.maps import Shown
from pages.look.method import Asked
from pages.look.network import Network

if TYPE_CHECKING:
    from core.insight.attribution import Settings
    from core.insight.filters import FilterLayer
    from core.insight.subject import Subject

WITH_CORE = "Run it from the project's folder."


def plain_loading(network: Network) -> Loading | None:
    """The network without this project; None where that can't be."""
    if network.run is not None:
        from core.insight.sources import weights_file

        saved = load_model_description(network.run.folder)
        if not isinstance(saved, SavedModel):
            return None
        return load_run(saved, weights_file(network.run, network.ref))
    if network.ref.weights == TRAINED and is_published(network.ref.id):
        return load_torchvision(network.ref.id)
    return None


def is_published(backbone: str) -> bool:
    """Whether torchvision itself loads the weights that are shown: not those of a file that the user gave."""
    from core.models.weights import Origin, find_weights

    return find_weights(open_workspace(), backbone).origin is Origin.CACHE


def show_filter_code(network: Network, layer: FilterLayer) -> None:
    with st.expander("These weights from Python", icon=":material/code:"):
        loading = plain_loading(network)
        if loading is None:
            st.caption(WITH_CORE)
            loading = load_with_core(network.ref)
        st.code(filter_code(loading, layer.name), height=420)


def show_map_code(network: Network, subject: Subject, shown: Shown) -> None:
    """In plain PyTorch where the layer is a module, and with `core` for all of them."""
    loading, row = plain_loading(network), subject.walk.rows[shown.place.row]
    call = sum(other.name == row.name for other in subject.walk.rows[: shown.place.row])
    if loading is not None and row.name in dict(subject.model.named_modules()):
        code = map_code(
            loading,
            row.name,
            call,
            shown.channel,
            is_turned=arrangements(subject.walk)[shown.place.row].is_turned,
            pools=min(shown.map.shape) > 1,
        )
        st.code(code, height=480)
        return
    st.caption(WITH_CORE)
    st.code(map_core_code(load_with_core(network.ref), shown.place.row))


def show_attribution_code(network: Network, subject: Subject, asked: Asked) -> None:
    """Grad-CAM in plain PyTorch where it can be, the other methods with `core`."""
    from core.insight.attribution import Method

    with st.expander("This map from Python", icon=":material/code:"):
        loading = plain_loading(network)
        layer = asked.settings.layer
        if asked.method is Method.GRAD_CAM and loading is not None and is_called(subject, layer):
            st.code(
                grad_cam_code(loading, layer, asked.target, single_logit=subject.single_logit), height=480
            )
            return
        st.caption(WITH_CORE)
        method, settings = f"Method.{asked.method.name}", settings_line(asked.settings)
        st.code(attribution_code(network.ref, asked.target, method, settings))


def is_called(subject: Subject, layer: str) -> bool:
    """Whether the module is called itself, and so a hook on it hears of it: a list of modules is not."""
    from torch import nn

    return not isinstance(subject.model.get_submodule(layer), nn.ModuleList)


def settings_line(settings: Settings) -> str:
    """Settings as they are written in Python, without those that are at their default."""
    given = {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if getattr(settings, field.name) != field.default
    }
    words = (
        f"{name}={f'Baseline.{value.name}' if isinstance(value, Enum) else repr(value)}"
        for name, value in given.items()
    )
    return f"Settings({', '.join(words)})"
