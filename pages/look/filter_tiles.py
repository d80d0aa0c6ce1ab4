"""The weights of a layer as pictures: how they are looked at, in which order, and how many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures.map_grid import Tile
from core.figures.map_grid import shown as said
from pages.shared.text import count

if TYPE_CHECKING:
    from core.insight.filters import FilterLayer

MOST = 64  # pictures at once
BLOCK = 64  # filters, and input channels, of a part of a matrix


def choose_tiles(layer: FilterLayer, weights: np.ndarray) -> list[Tile]:
    """How the weights are looked at, and in which order."""
    from core.insight.filters import Order, Shown, slices_of

    index, order = 0, Order.INDEX
    filters, channels = weights.shape[:2]
    shown = layer.views[0]
    if len(layer.views) > 1:
        shown = st.selectbox("Show", layer.views, key=f"shown-{layer.views[0]}", width=290)
    if shown in (Shown.FILTER, Shown.CHANNEL):
        most = (filters if shown is Shown.FILTER else channels) - 1
        name = "Filter" if shown is Shown.FILTER else "Input channel"
        if most:
            index = int(st.number_input(name, 0, most, key=f"{name} of {most}", width=130))
    if shown is Shown.MATRIX:
        return matrix_tiles(weights[:, :, 0, 0])
    order = st.selectbox("Order", list(Order), key="order", width=190)
    return [
        Tile(piece.label, piece.values, f"norm {piece.norm:.3g}")
        for piece in slices_of(weights, shown, index, order)
    ]


def matrix_tiles(matrix: np.ndarray) -> list[Tile]:
    """A matrix (O, I) in parts whose weights are large enough to be seen: a row a filter."""
    rows, columns = (np.array_split(np.arange(size), -(-size // BLOCK)) for size in matrix.shape)
    return [
        Tile(
            f"filters {first[0]} to {first[-1]}",
            matrix[np.ix_(first, second)],
            f"channels {second[0]} to {second[-1]}",
        )
        for first in rows
        for second in columns
    ]


def choose_part(tiles: Sequence[Tile]) -> Sequence[Tile]:
    """Some of the pictures, where they are too many to be seen at once."""
    if len(tiles) <= MOST:
        return tiles
    parts = -(-len(tiles) // MOST)
    part = int(st.number_input(f"Part, of {parts}", 1, parts, key=f"part of {parts}", width=130))
    return tiles[(part - 1) * MOST : part * MOST]


def words_of(layer: FilterLayer, weights: np.ndarray) -> str:
    from core.insight.filters import Shown

    words = f"{count(weights.size, 'weight')}, {said(weights.min())} to {said(weights.max())}."
    if Shown.MATRIX in layer.views:
        words += " In the matrix, a row is a filter, and a column an input channel."
    return words
