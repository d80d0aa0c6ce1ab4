import streamlit as st

from core.data.dataset import list_datasets
from core.runs.store import is_active, list_runs
from core.training.device import visible_devices
from core.workspace import open_workspace
from pages.shared.page import (
    ARCHITECTURE,
    ASSETS,
    ATTRIBUTION,
    CHALLENGES,
    CONVOLUTION_LAB,
    DATASETS,
    FEATURE_MAPS,
    FILTERS,
    LAYER_MATH,
    PREDICT,
    TRAIN_CNN,
    button_to,
    open_page,
)
from pages.shared.text import count, plain

HOW = {"cuda": "GPU, through CUDA", "mps": "GPU, through MPS", "cpu": "no GPU was found"}

workspace = open_workspace()
datasets = list_datasets(workspace)
runs = list_runs(workspace.runs)
at_work = sum(is_active(run) for run in runs)
trained = sum((run.folder / "best.pt").exists() for run in runs)
next_step = 1 if not datasets else 2 if not trained else 3


def step(number: int, title: str, words: str, holdings: str, page: str, label: str) -> None:
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        with st.container():
            st.image(ASSETS / f"step_{title.lower()}.svg", width="stretch")
            st.subheader(f"{number}. {title}", anchor=False)
            st.markdown(words)
            st.caption(holdings)
        button_to(page, label, key=f"go_{number}", primary=number == next_step)


open_page(
    "ConvNet Workbench",
    "Bring a folder of pictures, design a convolutional network (CNN), watch it learn, "
    "and classify new pictures, all on this machine.",
)
first, second, third = st.columns(3)
with first:
    pictures = sum(dataset.pictures for dataset in datasets)
    step(
        1,
        "Data",
        "A folder or zip with one sub-folder per class, or 1,797 handwritten digits to try things on.",
        f"{count(len(datasets), 'data set')}, {count(pictures, 'picture')}"
        if datasets
        else "No data set yet.",
        DATASETS,
        "Open datasets" if datasets else "Bring pictures",
    )
with second:
    step(
        2,
        "Train",
        "Stack convolution and pooling, see every layer's shape, and follow loss and accuracy live.",
        count(len(runs), "run") + (f", {at_work} at work" if at_work else "") if runs else "No run yet.",
        TRAIN_CNN,
        "Design a network",
    )
with third:
    step(
        3,
        "Predict",
        "Give a trained network new pictures, and see how sure it is of each class.",
        f"{count(trained, 'trained network')} to choose from"
        if trained
        else "No trained network yet, but one that knows 1,000 classes.",
        PREDICT,
        "Classify pictures",
    )

with st.container(
    border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
):
    st.markdown("**New to CNNs?** See what each layer does, with your own numbers.", width="content")
    with st.container(horizontal=True, width="content", gap="small"):
        button_to(LAYER_MATH, "Layer math", key="learn_math", icon=":material/calculate:")
        button_to(CONVOLUTION_LAB, "Convolution lab", key="learn_lab", icon=":material/grid_on:")
        button_to(ARCHITECTURE, "Architecture", key="learn_net", icon=":material/account_tree:")
        button_to(CHALLENGES, "Challenges", key="learn_more", icon=":material/quiz:")

with st.container(
    border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
):
    st.markdown("**Curious?** Look inside a network that knows 1,000 things.", width="content")
    with st.container(horizontal=True, width="content", gap="small"):
        button_to(FEATURE_MAPS, "Feature maps", key="look_maps", icon=":material/blur_on:")
        button_to(FILTERS, "Filters", key="look_filters", icon=":material/grid_view:")
        button_to(ATTRIBUTION, "Why this class?", key="look_why", icon=":material/highlight:")

device = visible_devices()[0]
st.caption(
    f":material/memory: Training runs on **{plain(device.words)}** ({HOW[device.name.split(':')[0]]})."
)
