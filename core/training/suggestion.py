"""Picture size and colours that suit a data set and a preset; a start, not a rule."""

import statistics
from collections import Counter
from dataclasses import dataclass

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode
from core.data.splitting import Split
from core.models.presets import Preset

GREY_MODES = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}  # Pillow's names
SMALL = 48  # pixels
LARGER = 64
IMBALANCE = 1.5  # largest class / smallest class from which class weights are suggested


@dataclass(frozen=True)
class RareClass:
    """The smallest class of a split's training pictures, and how many the largest has."""

    label: str
    pictures: int
    largest: int


def suggest_color(dataset: Dataset) -> ColorMode:
    """Grey where every picture is grey as stored, else RGB."""
    modes = {picture.mode for picture in dataset.pictures}
    return ColorMode.GREY if modes <= GREY_MODES else ColorMode.RGB


def suggest_side(dataset: Dataset, preset: Preset) -> int:
    """The side (pixels) that `preset` is made for, or more where most pictures have more to show.

    A preset with a size of its own, such as LeNet-5, keeps it.
    """
    made_for = preset.size[0]
    typical = statistics.median(min(picture.width, picture.height) for picture in dataset.pictures)
    return LARGER if preset.any_size and typical > SMALL and made_for < LARGER else made_for


def rare_class(dataset: Dataset, split: Split) -> RareClass | None:
    """The class for whose sake class weights are worth a thought; None where none is much rarer."""
    counts = Counter(dataset.pictures[row].label for row in split.train)
    label, largest = min(counts, key=counts.__getitem__), max(counts.values())
    if largest / counts[label] < IMBALANCE:
        return None
    return RareClass(label, counts[label], largest)
