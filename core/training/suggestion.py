"""Picture size and colours that suit a data set and a preset; a start, not a rule."""

import statistics

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode
from core.models.presets import Preset

GREY_MODES = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}  # Pillow's names
SMALL = 48  # pixels
LARGER = 64


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
