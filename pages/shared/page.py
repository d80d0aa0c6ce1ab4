"""What every page starts with, and how one leads to another."""

from contextlib import suppress
from math import isinf
from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets"

START = "home/start.py"
LAYER_MATH = "learn/layer_math.py"
CONVOLUTION_LAB = "learn/convolution_lab.py"
ARCHITECTURE = "learn/architecture.py"
CHALLENGES = "learn/challenges.py"
FILTERS = "look/filters.py"
FEATURE_MAPS = "look/feature_maps.py"
ATTRIBUTION = "look/attribution.py"
DATASETS = "data/datasets.py"
TRAIN_CNN = "train/cnn.py"
FINE_TUNE = "train/fine_tune.py"
FEATURES = "train/features.py"
TUNE = "train/tune.py"
CROSS_VALIDATE = "train/cross_validate.py"
RUNS = "train/runs.py"
COMPARE = "train/compare.py"
PREDICT = "use/predict.py"
EXPORT = "use/export.py"
MODELS = "use/models.py"


def open_page(title: str, purpose: str) -> None:
    """The style, the title, and in one sentence what the page is for."""
    _forget_infinite()
    st.html(ASSETS / "style.css")
    st.title(title, anchor=False)
    st.markdown(purpose)


def _forget_infinite() -> None:
    """Run again without the infinite numbers of the address: Streamlit fails where it wants a whole one."""
    infinite = [name for name, value in st.query_params.items() if _is_infinite(value)]
    for name in infinite:
        del st.query_params[name]
    if infinite:
        st.rerun()


def _is_infinite(value: str) -> bool:
    with suppress(ValueError):
        return isinf(float(value))
    return False


def button_to(
    page: str, label: str, *, key: str, primary: bool = False, icon: str | None = None, **query: str
) -> None:
    """A button that leads to `page`, with `query` in its address."""
    if st.button(label, key=key, icon=icon, type="primary" if primary else "secondary"):
        st.switch_page(page, query_params=query or None)


def empty_state(words: str, page: str, label: str, *, key: str) -> None:
    """Nothing to show yet: why, and the button to what comes first."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(words, text_alignment="center")
        button_to(page, label, key=key, primary=True)
