from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.figures.stages import stages_of
from core.workspace import Workspace, open_workspace
from pages.look.codes import show_map_code
from pages.look.excitation import show_excitation
from pages.look.maps import Shown, show_maps
from pages.look.network import Network, choose_network, subject_of
from pages.look.picture import Given, choose_picture
from pages.look.pooling import show_pooling
from pages.look.recorded import recorded
from pages.look.statistics import show_statistics
from pages.shared.errors import errors_shown
from pages.shared.network_drawing import draw_network
from pages.shared.page import open_page
from pages.shared.pickers import choose, pick

if TYPE_CHECKING:
    from core.insight.places import MapPlace
    from core.insight.subject import Subject

DRAWING = 620  # pixels
VIEWS = ("Pooling compared", "The channels in numbers", "What excites a channel", "Code")


def choose_layer(subject: Subject, choices: DeltaGenerator, outline: DeltaGenerator) -> MapPlace | None:
    """A layer, by a press on the drawing or from the list of all."""
    from core.insight.places import map_places, missing_maps

    places = map_places(subject.walk)
    if missing := missing_maps(subject.walk):
        outline.info(missing, icon=":material/info:")
    if not places:
        return None
    ids = layer_ids(places)
    stages = stages_of(subject.walk)
    key = "layer"

    def take(volume: int) -> None:
        """The last layer with maps in the stage that was pressed."""
        rows = stages[volume - 1].rows
        inside = [layer for layer, place in ids.items() if place.row in rows]
        if inside:
            choose(key, inside[-1])

    words = {
        layer: f"{layer}  ·  {' × '.join(map(str, place.shape))}  ·  {place.layer} {place.settings}".rstrip()
        for layer, place in ids.items()
    }
    if st.session_state.get(key) not in ids and st.query_params.get(key) not in ids:
        choose(key, next((name for name, place in ids.items() if place.layer == "Conv2d"), next(iter(ids))))
    with choices:
        place = ids[pick("Layer", words, key=key)]
    chosen = next((i for i, stage in enumerate(stages, start=1) if place.row in stage.rows), None)
    with outline:
        draw_network(subject.walk, DRAWING, key=f"outline-{subject.key}", chosen=chosen, on_pick=take)
    return place


def layer_ids(places: list[MapPlace]) -> dict[str, MapPlace]:
    """Names of the layers; one that is used several times gets a number from the second time on."""
    ids: dict[str, MapPlace] = {}
    for place in places:
        name, times = place.name, 1
        while name in ids:
            times += 1
            name = f"{place.name} ({times})"
        ids[name] = place
    return ids


def show_details(workspace: Workspace, network: Network, subject: Subject, shown: Shown) -> None:
    """What can be said of the layer, and of the map that is chosen; only the open part is made."""
    pooling, numbers, excitation, code = st.tabs(VIEWS, key="maps_view", bind="query-params")
    if pooling.open:
        with pooling:
            show_pooling(shown)
    if numbers.open:
        with numbers:
            show_statistics(workspace, subject, shown)
    if excitation.open:
        with excitation:
            show_excitation(workspace, network, subject, shown)
    if code.open:
        with code:
            show_map_code(network, subject, shown)


def look(
    workspace: Workspace,
    network: Network,
    given: Given | None,
    choices: DeltaGenerator,
    outline: DeltaGenerator,
) -> None:
    """The layers beside the other choices, and the maps of the chosen one below."""
    subject = subject_of(workspace, network)
    place = choose_layer(subject, choices, outline)
    if given is None:
        st.info("Give a picture, and the maps that the layer makes of it are here.", icon=":material/image:")
    elif place is not None:
        shown = show_maps(subject, place, given, recorded(subject, given, place))
        show_details(workspace, network, subject, shown)


open_page(
    "Feature maps",
    "Send a picture through a network, and see what each of its layers makes of it, as true values.",
)
workspace = open_workspace()
with errors_shown():
    choices, outline = st.columns([5, 7], gap="large")
    with choices:
        network = choose_network(workspace)
        given = choose_picture(workspace, network.run if network else None)
    if network is not None:
        look(workspace, network, given, choices, outline)
