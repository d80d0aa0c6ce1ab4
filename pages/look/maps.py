"""The maps of one layer for one picture, of which one is chosen to be looked at closely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures.map_grid import Tile, map_grid
from core.figures.map_grid import shown as said
from core.figures.map_sheet import map_sheet
from pages.look.picture import Given
from pages.look.recorded import Recorded
from pages.look.scale import choose_scale
from pages.shared.map_grid import show_map_grid
from pages.shared.text import count

if TYPE_CHECKING:
    from core.insight.places import MapPlace
    from core.insight.statistics import ChannelFacts
    from core.insight.subject import Subject

ACTIVE, INDEX = "most active first", "by number"
COUNTS = (8, 16, 32, 64)
MOST_VALUES = 64 * 112 * 112  # that are sent to the browser at once


@dataclass(frozen=True)
class Shown:
    """`maps` (C, H, W) of `place`, and the `channel` that is chosen. `received` is uint8 (H, W, C)."""

    given: Given
    place: MapPlace
    received: np.ndarray
    maps: np.ndarray
    channel: int

    @property
    def map(self) -> np.ndarray:
        return self.maps[self.channel]


def show_maps(subject: Subject, place: MapPlace, given: Given, found: Recorded) -> Shown:
    """The grid of maps beside the picture; a press chooses one."""
    from core.insight.statistics import channel_facts

    facts = channel_facts(found.maps[None])
    _, height, width = place.shape
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = _choose_order(facts)
        most = max(1, MOST_VALUES // (height * width))
        part = _choose_part(order, most)
        shared = choose_scale("maps")
        channel = _choose_channel(subject, place, int(part[0]))
    listed = part.tolist() if channel in part else [channel, *part.tolist()]
    tiles = [Tile(f"channel {i}", found.maps[i], f"mean {said(facts.mean[i])}") for i in listed]
    data = map_grid(
        tiles,
        shared_scale=shared,
        picture=found.received,
        sight=place.spans,
        picked=listed.index(channel),
    )
    show_map_grid(data, key="maps", on_pick=partial(_take, _channel_key(subject, place), listed))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_words(place, facts), width="stretch")
        st.download_button(
            "Download as PNG",
            lambda: map_sheet(tiles, shared_scale=shared),
            file_name=f"maps-{place.name or 'layer'}.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
        )
    return Shown(given, place, found.received, found.maps, channel)


def _choose_order(facts: ChannelFacts) -> np.ndarray:
    """All channels, in the order that the user wants."""
    if len(facts.mean) == 1:
        return np.arange(1)
    order = st.selectbox(
        "Order",
        (ACTIVE, INDEX),
        key="maps_order",
        width=180,
        help="A map is the more active the larger its values are, their signs left aside, in the mean.",
    )
    return facts.by_activity if order == ACTIVE else np.arange(len(facts.mean))


def _choose_part(order: np.ndarray, most: int) -> np.ndarray:
    """As many of the channels as are to be seen at once."""
    if len(order) <= COUNTS[0]:
        return order
    counts = [number for number in COUNTS if number < len(order) and number <= most] or [COUNTS[0]]
    if len(order) <= min(COUNTS[-1], most):
        counts.append(len(order))
    number = int(st.selectbox("Maps", counts, min(1, len(counts) - 1), key=f"maps of {counts}", width=90))
    pages = -(-len(order) // number)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Part, of {pages}", 1, pages, key=f"maps part of {pages}", width=130))
    return order[(page - 1) * number : page * number]


def _choose_channel(subject: Subject, place: MapPlace, first: int) -> int:
    """By its number; a press on a map sets it as well. One that is not among the maps stands before them."""
    key = _channel_key(subject, place)
    if place.shape[0] == 1:
        return 0
    st.session_state.setdefault(key, first)
    return int(st.number_input("Channel", 0, place.shape[0] - 1, key=key, width=130))


def _take(key: str, listed: list[int], tile: int) -> None:
    """What stays with the page must not hold the network."""
    st.session_state[key] = listed[tile]


def _channel_key(subject: Subject, place: MapPlace) -> str:
    return f"channel {subject.key} {place.row}"


def _words(place: MapPlace, facts: ChannelFacts) -> str:
    channels, height, width = place.shape
    size = f"{count(channels, 'map')} of {height} x {width}, values "
    size += f"{said(facts.low.min())} to {said(facts.high.max())}"
    zeros = f"; {_share(facts.zeros.mean())} of them 0" if facts.zeros.any() else ""
    dead = f"; {count(len(facts.dead), 'map')} all 0 for this picture" if len(facts.dead) else ""
    field = place.reach.field if place.reach else None
    sees = (
        f" Each value sees {field[0]} x {field[1]} pixels of the picture at most."
        if field
        else " Each value sees the whole picture."
    )
    return f"{size}{zeros}{dead}.{sees}"


def _share(share: float) -> str:
    return "under 1%" if share < 0.01 else f"{share:.0%}"
