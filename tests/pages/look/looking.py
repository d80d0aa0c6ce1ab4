"""What a page that looks into networks has sent to the browser."""

import json
from base64 import b64decode
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from core.insight.places import MapPlace, map_places
from core.insight.reference import BEST, Source, SubjectRef
from core.insight.subject import Subject
from core.models.backbone_choice import TRAINED

LITE0 = SubjectRef(Source.BACKBONE, "efficientnet_lite0", TRAINED)


def best_of(run_id: str) -> SubjectRef:
    return SubjectRef(Source.RUN, run_id, BEST)


def place_of(subject: Subject, name: str) -> MapPlace:
    return next(place for place in map_places(subject.walk) if place.name == name)


def component(app: AppTest, key: str) -> dict[str, Any]:
    """The data of the component with that key."""
    (found,) = [each for each in app.get("bidi_component") if each.proto.id.endswith(f"-{key}")]
    return json.loads(found.proto.json)


def values_of(tile: dict[str, Any]) -> np.ndarray:
    """float32 (H, W), or (H, W, 3)."""
    return np.frombuffer(b64decode(tile["values"]), "<f4").reshape(tile["shape"])


def labels_of(grid: dict[str, Any]) -> list[str]:
    return [tile["label"] for tile in grid["tiles"]]


def numbers_of(grid: dict[str, Any]) -> list[int]:
    """Which channels or filters are shown."""
    return [int(label.split()[-1]) for label in labels_of(grid)]


def widget(app: AppTest, kind: str, label: str) -> Any:
    return next(each for each in app.get(kind) if each.label == label)
