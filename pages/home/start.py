import streamlit as st

from core.data.dataset import list_datasets
from core.runs.store import RunState, list_runs
from core.training.device import visible_devices
from core.workspace import open_workspace
from pages.shared.page import ASSETS, DATASETS, PREDICT, RUNS, TRAIN_CNN, button_to, open_page
from pages.shared.text import count, plain, size

LATEST = 3

workspace = open_workspace()
datasets = list_datasets(workspace)
runs = list_runs(workspace.runs)
states = {run.id: run.status().state for run in runs}
trained = [run for run in runs if (run.folder / "best.pt").exists()]
active = [run for run in runs if states[run.id].is_active]
next_step = 1 if not datasets else 2 if not trained else 3


def data_holdings() -> str:
    if not datasets:
        return "Nothing yet. The sample digits are a click away."
    pictures = sum(dataset.pictures for dataset in datasets)
    return f"{count(len(datasets), 'data set')}, {count(pictures, 'picture')}"


def run_holdings() -> str:
    if not runs:
        return "No run yet." if datasets else "Needs a data set."
    at_work = f", {len(active)} at work" if active else ""
    return f"{count(len(runs), 'run')}{at_work}"


def step(number: int, title: str, words: str, holdings: str, page: str, label: str) -> None:
    with st.container(border=True, height="stretch", key=f"step_{number}"):
        st.subheader(f"{number}. {title}", anchor=False)
        st.markdown(words)
        st.caption(holdings)
        button_to(page, label, key=f"go_{number}", primary=number == next_step)


open_page(
    "ConvNet Workbench",
    "Bring a folder of pictures, design a convolutional network (CNN), watch it learn, and classify new pictures: "
    "all on this machine.",
)
st.html((ASSETS / "hero.svg").read_text(encoding="utf-8"))

first, second, third = st.columns(3)
with first:
    step(
        1,
        "Data",
        "A folder or zip with one sub-folder per class, or 1,797 handwritten digits to try things on.",
        data_holdings(),
        DATASETS,
        "Bring pictures" if not datasets else "Open datasets",
    )
with second:
    step(
        2,
        "Train",
        "Stack convolution and pooling, see every layer's shape, and follow loss and accuracy live.",
        run_holdings(),
        TRAIN_CNN,
        "Design a network",
    )
with third:
    step(
        3,
        "Predict",
        "Give a trained network new pictures and see how sure it is of each class.",
        f"{count(len(trained), 'trained network')} to choose from" if trained else "Needs a trained network.",
        PREDICT,
        "Classify pictures",
    )

device = visible_devices()[0]
st.caption(f":material/memory: Trains on **{device.name.split(':')[0]}** ({plain(device.words)}).")
