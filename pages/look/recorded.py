"""The maps of a layer for a picture, kept so that the other layers come at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.look.picture import Given
from pages.shared.held import Held

if TYPE_CHECKING:
    from core.insight.places import MapPlace
    from core.insight.recording import Recording
    from core.insight.subject import Subject

MOST_RECORDINGS = 2  # in memory, for all browsers together


@dataclass(frozen=True)
class Recorded:
    received: np.ndarray
    maps: np.ndarray


def recorded(subject: Subject, given: Given, place: MapPlace) -> Recorded:
    """The maps (C, H, W) of a layer: one pass through the network serves all layers of one picture.

    Raises:
        PictureRejected: the picture can't be used.
    """
    from core.insight.recording import maps_of, record

    def look() -> tuple[np.ndarray, Recording]:
        received = subject.read(given.source)
        return received, record(subject, subject.batch([received]))

    received, recording = _recordings().take(f"{subject.key} {given.key}", look)
    if place.row not in recording.outputs:  # beyond what one recording keeps
        recording = record(subject, subject.batch([received]), [place.row])
    return Recorded(received, maps_of(subject, recording, place.row)[0])


@st.cache_resource(show_spinner=False)
def _recordings() -> Held[tuple[np.ndarray, Recording]]:
    return Held(MOST_RECORDINGS)
