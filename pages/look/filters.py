from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.figures.map_grid import map_grid
from core.figures.map_sheet import map_sheet
from core.figures.weights import weight_figure
from core.insight.reference import at_epoch
from core.workspace import Workspace, open_workspace
from pages.look.codes import show_filter_code
from pages.look.filter_tiles import choose_part, choose_tiles, words_of
from pages.look.network import Network, choose_network, epochs_kept, subject_of
from pages.look.scale import choose_scale
from pages.shared.errors import errors_shown
from pages.shared.map_grid import show_map_grid
from pages.shared.page import open_page
from pages.shared.pickers import pick

if TYPE_CHECKING:
    from core.insight.filters import FilterLayer


def choose_epoch(network: Network) -> Network:
    """The network with the weights of the epoch that the slider stands at; the best ones without any."""
    kept = epochs_kept(network)
    if len(kept) < 2:
        return network
    words = {None: "best", **{epoch: f"epoch {epoch}" if epoch else "initial" for epoch in kept}}
    chosen = st.select_slider(
        "Weights",
        [*kept, None],
        value=None,
        format_func=words.__getitem__,
        key=f"epoch-{network.ref.id}",
        help="The same filters through the training: as they were drawn, after each epoch that was kept, "
        "and the best ones, which predict.",
    )
    if chosen is None:
        return network
    return replace(network, ref=replace(network.ref, weights=at_epoch(chosen)))


def layer_weights(workspace: Workspace, network: Network, layer: FilterLayer) -> np.ndarray:
    from core.insight.filters import weights_of

    return weights_of(subject_of(workspace, network).model.state_dict(), layer)


def show_filters(
    workspace: Workspace, network: Network, second: DeltaGenerator, third: DeltaGenerator
) -> None:
    """The layers and the epochs beside the network, and the weights below."""
    from core.insight.filters import filter_layers

    layers = {layer.name: layer for layer in filter_layers(subject_of(workspace, network).model)}
    words = {name: f"{name}  ·  {layer.words}" for name, layer in layers.items()}
    with second:
        layer = layers[pick("Convolution", words, key="convolution")]
    with third:
        network = choose_epoch(network)
    weights = layer_weights(workspace, network, layer)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tiles = choose_tiles(layer, weights)
        shared = choose_scale("filters")
        part = choose_part(tiles)
    show_map_grid(map_grid(part, shared_scale=shared), key="filters")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words_of(layer, weights), width="stretch")
        st.download_button(
            "Download as PNG",
            lambda: map_sheet(part, shared_scale=shared),
            file_name=f"filters-{layer.name}.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    show_spread(workspace, network, layer, weights)
    show_filter_code(network, layer)


def show_spread(workspace: Workspace, network: Network, layer: FilterLayer, weights: np.ndarray) -> None:
    """All the layer's weights as a histogram, beside those that a run began with."""
    spreads = {"now": weights}
    if network.run is not None and 0 in epochs_kept(network) and network.ref.epoch != 0:
        initial = replace(network, ref=replace(network.ref, weights=at_epoch(0)))
        spreads = {"initial": initial_weights(workspace, initial, layer), "now": weights}
    st.plotly_chart(weight_figure(spreads), key="spread", config={"displayModeBar": False})


def initial_weights(workspace: Workspace, network: Network, layer: FilterLayer) -> np.ndarray:
    from core.insight.filters import weights_of
    from core.insight.sources import weights_file
    from core.training.checkpoint import load_tensors

    assert network.run is not None
    return weights_of(load_tensors(weights_file(network.run, network.ref)), layer)


open_page("Filters", "The weights that a network's convolutions have learned, as pictures and as numbers.")
workspace = open_workspace()
with errors_shown():
    first, second, third = st.columns(3, gap="medium")
    with first:
        network = choose_network(workspace)
    if network is not None:
        show_filters(workspace, network, second, third)
