from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset
from core.data.splitting import Split, current_split
from core.models.cnn_walk import walk
from core.records import to_json
from core.runs.launcher import get_ready, launch
from core.runs.place import Place, put_at
from core.runs.store import create_run
from core.training.config import CnnRunConfig, Loss
from core.training.script import training_script
from core.workspace import Workspace, open_workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, RUNS, empty_state, open_page
from pages.shared.pickers import pick_dataset
from pages.shared.text import count
from pages.train.augmentation_form import edit_augmentation
from pages.train.network_builder import edit_network, show_layers
from pages.train.network_draft import Draft
from pages.train.network_view import draw, drawing_room
from pages.train.place_form import COSTS_HERE, choose_place, place_words
from pages.train.run_costs import can_train, measured_execution, show_size
from pages.train.source_run import show_source, source_run
from pages.train.starting_point import choose_kind, choose_pictures, starting_point
from pages.train.training_form import edit_training


def choose_data(workspace: Workspace) -> tuple[Dataset, Split] | None:
    """The data set that the user picks; None while there is none to pick."""
    chosen = pick_dataset(workspace)
    if chosen is None:
        return None
    dataset = dataset_of(workspace, chosen)
    return dataset, current_split(dataset)


def start(workspace: Workspace, config: CnnRunConfig, files: dict[str, Path], place: Place | None) -> None:
    with errors_shown():
        run = create_run(workspace.runs, to_json(config), config.name, files=files)
        put_at(run, place)
        launch(run)
        st.switch_page(RUNS, query_params={"run": run.id})


open_page("Train a CNN", "Stack convolution and pooling, see what each layer makes of a picture, then train.")
workspace = open_workspace()
with errors_shown():
    source = source_run(workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        data = choose_data(workspace)
        kind = choose_kind(source)
    if data is None:
        empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
        st.stop()
    dataset, split = data
    begun = starting_point(kind, source, dataset)
    draft = st.session_state.setdefault("draft", Draft.of(begun.network))
    with_weights = source is not None and source.with_weights
    source_room = st.container()
    room = drawing_room()
    editor, result = st.columns([3, 2], gap="large")
    with editor:
        network_tab, training_tab, augmentation_tab, code_tab = st.tabs(
            ["Network", "Training", "Augmentation", "Code"]
        )
    with network_tab:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            preprocessing = choose_pictures(begun)
        rooms = edit_network(draft)
    with training_tab:
        training = edit_training(dataset, split)
        place, is_usable = choose_place(workspace, together=True)
    with augmentation_tab:
        augmentation = edit_augmentation(dataset, split, preprocessing)
    outputs = 1 if training.loss is Loss.SINGLE_LOGIT else len(dataset.classes)
    network = walk(draft.config(), preprocessing.shape, outputs)
    show_layers(network, rooms)
    draw(network, room)
    if with_weights:
        with source_room:
            show_source(source, network, dataset)
    with result:
        name = st.text_input(
            "Name of the run",
            begun.run_name,
            key=f"name-{begun.key}",
            persist_state="session",
        )
        config = CnnRunConfig(
            name.strip() or "Unnamed run",
            dataset.id,
            split.id,
            dataset.classes,
            preprocessing,
            draft.config(),
            training,
            augmentation,
            starts_from=source.run.id if with_weights else None,
        )
        files = {"start.pt": source.run.folder / "best.pt"} if with_weights else {}
        st.session_state["drafted"] = config, files  # for the page Tune
        button = st.container()
        ready = can_train(workspace, config, network, dataset, split, elsewhere=place is not None)
        show_size(network)
        go = button.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=not (ready and is_usable),
        )
        if where := place_words(place, is_usable, costs=COSTS_HERE):
            button.caption(where)
        st.caption(
            f"{count(len(split.train), 'picture')} to learn from, {len(split.valid):,} to validate on, "
            f"{len(split.test):,} kept for the final test; {count(len(dataset.classes), 'class', 'classes')}."
        )
    with code_tab:
        if network.problem is None:
            words = "Exactly this network and this training in plain PyTorch. It runs without the app."
            fresh = " It starts from fresh weights, though." if with_weights else ""
            st.caption(words + fresh)
            script = training_script(config, dataset, split, execution=measured_execution(workspace, config))
            st.code(script, language="python", height=600)
    if go:
        start(workspace, config, files, place)
    get_ready()
