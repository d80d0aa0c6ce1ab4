"""Which pictures train, which validate, which test."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.report import describe
from core.data.splitting import Split, SplitSettings, make_split, save_split
from core.figures.dataset import class_balance_figure
from core.workspace import Workspace
from pages.data.report import CHART
from pages.shared.text import plain

MOST = 45  # percent of a class, twice: a tenth is left to train on
MEANING = (
    "The network learns from **training** pictures, is chosen by **validation** pictures, and is judged "
    "at the end on **test** pictures that nothing was chosen by. Each class is divided in the same shares, "
    "and copies of one picture always stand on the same side."
)


def show_splits(workspace: Workspace, dataset: Dataset, split: Split) -> None:
    st.markdown(MEANING)
    controls, result = st.columns([2, 3], gap="large")
    with controls:
        settings = _settings(dataset, split.settings)
        proposed = make_split(dataset, settings)
        is_new = proposed.id != split.id
        _sides(proposed, len(dataset.pictures))
        if st.button("Use this split", key="use_split", type="primary", disabled=not is_new):
            save_split(dataset, proposed)
            st.toast("The split is saved.", icon=":material/check:")
            st.rerun()
        st.caption(
            "Not saved yet." if is_new else f"In use: {split.id}. Runs keep the split they began with."
        )
    with result:
        classes = describe(dataset, proposed).classes
        st.plotly_chart(class_balance_figure(classes), config=CHART, key="split_balance")
    for note in proposed.notes:
        st.info(plain(note), icon=":material/info:")


def _settings(dataset: Dataset, current: SplitSettings) -> SplitSettings:
    key = dataset.id
    given = any(picture.given_split for picture in dataset.pictures)
    keep = given and st.toggle(
        "Keep the split of the folders",
        current.keep_given,
        key=f"keep_{key}",
        help="The data came in train, valid or test folders.",
    )
    valid = _share("Validation, % of each class", current.valid, least=5, key=f"valid_{key}")
    test = _share("Test, % of each class", current.test, least=0, key=f"test_{key}")
    seed = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        current.seed,
        key=f"seed_{key}",
        help="The number that the shuffling starts from: the same seed gives the same split.",
    )
    return SplitSettings(valid, test, int(seed), bool(keep) if given else current.keep_given)


def _share(label: str, current: float, *, least: int, key: str) -> float:
    percent = min(MOST, max(least, round(current * 100)))
    return st.slider(label, least, MOST, percent, key=key) / 100


def _sides(split: Split, total: int) -> None:
    sides = {"training": split.train, "validation": split.valid, "test": split.test}
    parts = [f"**{len(indices):,}** {name} ({len(indices) / total:.0%})" for name, indices in sides.items()]
    st.markdown(" · ".join(parts))
