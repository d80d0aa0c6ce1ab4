"""All pictures of the set, filtered and sorted: as a gallery or as a table; one press shows one closely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.decoding import open_picture
from core.data.thumbnails import thumbnail
from core.errors import PictureRejected
from core.figures.names import shortened
from core.serving.results import DOUBTFUL, NONE_OF_THESE, Order, Which, ordered, part_of
from pages.shared.text import count, plain
from pages.use.chosen_model import ChosenModel, can_look_inside
from pages.use.current_set import look_at
from pages.use.gallery_maps import maps_of
from pages.use.result_table import likeliest, show_table
from pages.use.set_results import SetResults

PER_PAGE, PER_PAGE_WITH_MAPS = 30, 12
SIDE = 112  # pixels
LONGEST = 16  # characters of a class below a picture
GALLERY, TABLE = "Gallery", "Table"
ANY = "any class"
WHICH_WORDS = {
    Which.ALL: "All",
    Which.NONE: "None of these",
    Which.DOUBT: f"Less than {DOUBTFUL:.0%} sure",
    Which.MISTAKES: "Mistakes",
    Which.DIFFERENT: "Where the two differ",
    Which.LABELLED: "Labelled by you",
}


def show_all(results: SetResults, model: ChosenModel) -> None:
    """The controls, and the pictures that they leave."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = _filtered(results)
        view = st.segmented_control("View", [GALLERY, TABLE], default=GALLERY, required=True, key="view")
        with_maps, shown = False, rows
        if view == GALLERY:
            with_maps = can_look_inside(model) and st.toggle(
                "Grad-CAM", key="maps", help="Beside each picture, what speaks for its class."
            )
            shown = _page(rows, PER_PAGE_WITH_MAPS if with_maps else PER_PAGE)
    if not len(rows):
        st.caption("No picture is left by this choice.")
    elif view == TABLE:
        show_table(results, rows)
    else:
        _gallery(results, model, shown.tolist(), with_maps)
        st.caption(
            f"{len(shown):,} of {count(len(rows), 'picture')}. Press a name to see its picture closely. "
            f":material/help: less than {DOUBTFUL:.0%} sure, :material/close: not its true class, "
            ":material/block: none of these."
        )


def _filtered(results: SetResults) -> np.ndarray:
    """The rows that the user asks for, in their order."""
    opinion = results.opinion
    possible = [Which.ALL, Which.DOUBT]
    possible += [Which.NONE] if opinion.is_none.any() else []
    possible += [Which.MISTAKES] if any(results.truths) else []
    possible += [Which.DIFFERENT] if results.other is not None else []
    possible += [Which.LABELLED] if results.labelled else []
    which = st.selectbox("Show", possible, format_func=WHICH_WORDS.__getitem__, key="which", width=200)
    met = sorted(set(opinion.words) - {NONE_OF_THESE})
    labels = [ANY, *met]
    label = st.selectbox("Taken for", labels, key="taken_for", width=180)
    order = st.selectbox("Sort", list(Order), format_func=str.capitalize, key="order", width=200)
    inside = part_of(
        opinion,
        which,
        label=None if label == ANY else label,
        truths=results.truths,
        other=results.other,
        labelled=results.labelled,
    )
    return ordered(opinion, results.names, np.flatnonzero(inside), order)


def _gallery(results: SetResults, model: ChosenModel, shown: Sequence[int], with_maps: bool) -> None:
    maps = maps_of(results, model, shown, SIDE) if with_maps else {}
    words, confidence = results.opinion.words, results.opinion.confidence
    with st.container(horizontal=True, gap="small", key="gallery"):
        for row in shown:
            with st.container(width=SIDE * (2 if with_maps else 1) + 10, gap="xsmall"):
                with st.container(horizontal=True, gap="xsmall"):
                    _picture(results, row)
                    if row in maps:
                        st.image(maps[row], alt="Grad-CAM", output_format="PNG", width=SIDE)
                st.button(
                    f"{plain(shortened(words[row], LONGEST))} :gray[{confidence[row]:.0%}]",
                    key=f"look_{results.positions[row]}",
                    type="tertiary",
                    icon=_mark(results, row, words[row]),
                    help=_hover(results, row),
                    on_click=look_at,
                    args=(results.positions[row],),
                )


def _page(rows: np.ndarray, per_page: int) -> np.ndarray:
    """Those of `rows` that stand on the page that is chosen."""
    pages = -(-len(rows) // per_page)
    if pages < 2:
        return rows
    first = per_page * (st.number_input(f"Page, of {pages:,}", 1, pages, key="page", width=120) - 1)
    return rows[first : first + per_page]


def _picture(results: SetResults, row: int) -> None:
    try:
        image = thumbnail_of(str(results.path(row)), results.keys[row], SIDE)
    except PictureRejected as damage:
        st.caption(plain(damage.problem))
        return
    st.image(image, alt=results.names[row], output_format="PNG", width=SIDE)


def _mark(results: SetResults, row: int, word: str) -> str | None:
    """What stands out at once: an answer that is known to be wrong, none of these, or doubt."""
    if results.truths[row] is not None and results.truths[row] != word:
        return ":material/close:"
    if results.opinion.is_none[row]:
        return ":material/block:"
    return ":material/help:" if results.opinion.probabilities[row].max() < DOUBTFUL else None


def _hover(results: SetResults, row: int) -> str:
    lines: Sequence[str] = [
        f"**{plain(results.names[row])}**",
        plain(likeliest(results, row)),
        *([f"{plain(results.other.name)}: {plain(results.other.words[row])}"] if results.other else []),
        *([f"true class: {plain(str(results.truths[row]))}"] if results.truths[row] else []),
    ]
    return "  \n".join(lines)


@st.cache_data(max_entries=1_000, show_spinner=False)
def thumbnail_of(path: str, key: str, side: int) -> np.ndarray:
    """The file at `path`, uint8 (side, side, 4); `key` is its SHA-256."""
    return thumbnail(open_picture(Path(path), at_least=(side, side)), side)
