"""A look at the data: a few pictures of every class, or one class with names."""

from itertools import zip_longest

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.data.thumbnails import contact_sheet
from core.workspace import Workspace
from pages.shared.caches import thumbnails_of
from pages.shared.text import count, plain

PER_CLASS, COLUMNS, SMALL_SIDE = 12, 6, 64  # pictures, pictures, pixels
PER_PAGE, SIDE = 24, 112
CLASSES_PER_PAGE = 20


def show_pictures(workspace: Workspace, dataset: Dataset, split: Split) -> None:
    by_class: dict[str, list[int]] = {label: [] for label in dataset.classes}
    for index, picture in enumerate(dataset.pictures):
        by_class[picture.label].append(index)
    options = [None, *dataset.classes]
    chosen = st.selectbox(
        "Class",
        options,
        format_func=lambda label: "– all classes –" if label is None else label,
        key=f"class_{dataset.id}",
    )
    if chosen is None:
        _all_classes(dataset, by_class)
    else:
        _one_class(dataset, by_class[chosen])


def _all_classes(dataset: Dataset, by_class: dict[str, list[int]]) -> None:
    labels = _page(dataset.classes, CLASSES_PER_PAGE, key=f"classes_{dataset.id}")
    for pair in zip_longest(labels[::2], labels[1::2]):
        for column, label in zip(st.columns(2, gap="large"), pair, strict=True):
            if label is not None:
                with column:
                    _some_of(dataset, label, by_class[label])


def _some_of(dataset: Dataset, label: str, indices: list[int]) -> None:
    st.markdown(f"**{plain(label)}** :gray[{count(len(indices), 'picture')}]")
    sheet = contact_sheet(thumbnails_of(dataset, indices[:PER_CLASS], SMALL_SIDE), COLUMNS)
    st.image(sheet, alt=f"Pictures of class {label}", output_format="PNG")


def _one_class(dataset: Dataset, indices: list[int]) -> None:
    shown = _page(indices, PER_PAGE, key=f"pictures_{dataset.id}")
    with st.container(horizontal=True, gap="small"):
        for index, image in zip(shown, thumbnails_of(dataset, shown, SIDE), strict=True):
            picture = dataset.pictures[index]
            name = picture.name.rsplit("/", 1)[-1]
            caption = f"{name if len(name) <= 16 else name[:15] + '…'}, {picture.width} x {picture.height}"
            st.image(image, caption=plain(caption), alt=picture.name, output_format="PNG", width=SIDE)


def _page(items, per_page: int, *, key: str):
    """The items of the page that the user turns to."""
    if len(items) <= per_page:
        return items
    pages = -(-len(items) // per_page)
    number = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=key, width=160)
    return items[(number - 1) * per_page : number * per_page]
