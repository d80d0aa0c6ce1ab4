"""What is said of an attribution: its raw numbers, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pages.shared.text import plain

if TYPE_CHECKING:
    from core.insight.attribution import Attribution

ALIKE = 0.5  # rank correlation from which two maps show the same


def range_words(found: Attribution) -> str:
    return f"{found.low:.3g} to {found.high:.3g}"


def empty_words(name: str, found: Attribution) -> str:
    """Why nothing is to be seen on the map of the class `name`."""
    if found.coarse is None:
        return f"This map is empty: no pixel changes the score of {plain(name)} at all."
    words = f"This map is empty: no positive evidence for {plain(name)} here."
    if not found.coarse.any():
        return f"{words} The layer's maps, weighted by their gradients, are 0 at every place."
    low, high = found.coarse.min(), found.coarse.max()
    return (
        f"{words} The layer's values, {low:.3g} to {high:.3g}, all speak against it: Grad-CAM cuts them off."
    )


def alike_words(alike: float | None) -> str:
    """What the rank correlation with the map of random weights says."""
    if alike is None:
        return "One of the two maps is the same everywhere, so they can't be compared."
    verdict = (
        "The map depends on what the network has learned."
        if alike < ALIKE
        else "The map hardly depends on what the network has learned: it shows the picture, not the reasons."
    )
    words = f"Rank correlation with the map of random weights: {alike:.2f}"
    return f"**{words}** (1: the same order of pixels). {verdict}"


def what_it_says(found: Attribution) -> str:
    """The raw numbers behind the colours, and what is to be known of the method."""
    from core.insight.overlay import color_limit

    lines = [f"The score, before it becomes a probability, is {found.score:.4g}."]
    if limit := color_limit(found):
        beyond = float((np.abs(found.values) > limit).mean())
        rest = f", and {beyond:.1%} of the pixels are beyond" if beyond else ", the largest absolute value"
        lines.append(f"Colours reach to {limit:.3g}{rest}.")
    if found.coarse is not None:
        rows, columns = found.coarse.shape
        lines.append(f"The map itself has {rows} x {columns} values; it is enlarged smoothly.")
    if found.gap is not None and found.baseline_score is not None:
        rise = found.score - found.baseline_score
        lines.append(
            f"The values should add up to the rise of the score from the baseline, {rise:.4g}; they miss it "
            f"by {abs(found.gap):.2g}."
        )
    if found.note:
        lines.append(found.note)
    return " ".join(lines)
