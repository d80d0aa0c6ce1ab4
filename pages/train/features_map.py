"""The map of the features of a run; a point that is pressed shows its picture and those beside it."""

import numpy as np
import streamlit as st

from core.data.dataset import Dataset
from core.embeddings.projection import FeatureMap, load_map
from core.errors import WorkbenchError
from core.figures.confusion import short_name
from core.figures.feature_map import feature_map_figure, nearest, picture_of_selection
from core.runs.store import Run
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.confusion_view import show_pictures
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, plain
from pages.train.map_guesses import Guesses, guesses_of

T_SNE, PCA = "t-SNE", "PCA"
SIDE, SMALL_SIDE = 150, 64  # pixels
NEIGHBORS = 5
WORDS = {
    T_SNE: "t-SNE: neighbours stay neighbours; distances between groups and their sizes mean little.",
    PCA: "PCA: the two directions in which the features vary most. They hold {share:.0%} of all variance.",
}


@st.fragment
def show_map(run: Run, workspace: Workspace) -> None:
    """The map, and beside it the picture of the point that was pressed last."""
    with errors_shown():
        places = load_map(run.folder)
        if places is None:
            st.caption("This run has no map.")
            return
        dataset = _dataset(run, workspace)
        if dataset is None:
            return
        guesses = guesses_of(run, dataset)
        figure_room, beside = st.columns([5, 2], gap="medium")
        with figure_room:
            way = st.segmented_control(
                "Map", (T_SNE, PCA), default=T_SNE, required=True, key="map_way", label_visibility="collapsed"
            )
            picked = _show_figure(run, places, guesses, str(way))
        with beside:
            _show_picture(places, guesses, str(way), picked)
            _next_button(run, guesses.mistakes(places.pictures.tolist()), picked)


def _show_figure(run: Run, places: FeatureMap, guesses: Guesses, way: str) -> int:
    """Draw it; the index of the picture that is picked."""
    dataset = guesses.dataset
    chart, chosen = f"map_{run.id}_{way}", _picked_key(run)
    rows = places.pictures.tolist()

    def take_click() -> None:
        pressed = picture_of_selection(st.session_state[chart].selection.points)
        if pressed in rows:
            st.session_state[chosen] = pressed

    picked = st.session_state.get(chosen, next(iter([*guesses.mistakes(rows), *rows])))
    labels = dataset.labels()[places.pictures]
    axes = ("", "")
    if way == PCA:
        axes = tuple(
            f"component {number}, {share:.0%} of the variance"
            for number, share in enumerate(places.explained, 1)
        )
    st.plotly_chart(
        feature_map_figure(
            places.pca if way == PCA else places.tsne,
            rows,
            labels,
            dataset.classes,
            [guesses.words(row) for row in rows],
            title="Pictures by their features",
            axes=axes,
            marked=picked,
        ),
        key=chart,
        on_select=take_click,
        selection_mode="points",
        config={"displayModeBar": False, "scrollZoom": True},
        alt="Map of the pictures: a point each, coloured by class",
    )
    drawn = "" if len(rows) == len(dataset.pictures) else f" A sample of {count(len(rows), 'picture')}."
    st.caption(WORDS[way].format(share=float(places.explained.sum())) + drawn)
    return picked


def _show_picture(places: FeatureMap, guesses: Guesses, way: str, picked: int) -> None:
    dataset = guesses.dataset
    st.markdown("**Press a point to see its picture.**")
    picture = dataset.pictures[picked]
    show_pictures(dataset, [picked], [picture.label], side=SIDE)
    st.caption(f"{plain(picture.name)}  \n{plain(guesses.words(picked))}")
    points = places.pca if way == PCA else places.tsne
    around = nearest(points, int(np.flatnonzero(places.pictures == picked)[0]), NEIGHBORS)
    st.markdown("Nearest on the map")
    rows = places.pictures[around].tolist()
    show_pictures(dataset, rows, [short_name(dataset.pictures[row].label) for row in rows], side=SMALL_SIDE)


def _next_button(run: Run, mistakes: list[int], picked: int) -> None:
    """For whoever has no mouse, too."""
    following = next((row for row in mistakes if row > picked), mistakes[0] if mistakes else None)

    def go_on() -> None:
        st.session_state[_picked_key(run)] = following

    st.button(
        "Next mistake",
        key=f"next_{run.id}",
        icon=":material/skip_next:",
        on_click=go_on,
        disabled=following in (None, picked),
    )


def _picked_key(run: Run) -> str:
    return f"picked_{run.id}"


def _dataset(run: Run, workspace: Workspace) -> Dataset | None:
    try:
        return dataset_of(workspace, str(run.config().get("dataset_id")))
    except WorkbenchError as error:
        show_error(error)
        return None
