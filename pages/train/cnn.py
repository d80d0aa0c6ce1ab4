import streamlit as st

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.data.splitting import Split, current_split
from core.models.cnn_walk import walk
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import create_run
from core.training.config import CnnRunConfig, Loss
from core.training.script import training_script
from core.training.suggestion import suggest_color, suggest_side
from core.workspace import Workspace, open_workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, RUNS, empty_state, open_page
from pages.shared.pickers import pick_dataset
from pages.shared.text import count
from pages.train.augmentation_form import edit_augmentation
from pages.train.network_builder import edit_network, show_layers
from pages.train.network_draft import Draft
from pages.train.network_view import can_train, draw, drawing_room
from pages.train.training_form import edit_training

SIZES = (8, 16, 24, 28, 32, 48, 64, 80, 96, 100, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512)
COLORS = {ColorMode.GREY: "Grey", ColorMode.RGB: "RGB"}
RESIZES = {Resize.STRETCH: "stretch", Resize.CROP: "crop the middle", Resize.PAD: "pad with black"}


def choose_data(workspace: Workspace) -> tuple[Dataset, Split] | None:
    """The data set that the user picks; None while there is none to pick."""
    chosen = pick_dataset(workspace)
    if chosen is None:
        return None
    dataset = dataset_of(workspace, chosen)
    return dataset, current_split(dataset)


def choose_preset() -> str:
    chosen = st.selectbox(
        "Start from",
        list(PRESETS),
        format_func=lambda key: PRESETS[key].name,
        key="preset",
        persist_state="session",
        on_change=lambda: st.session_state.pop("draft", None),
    )
    return chosen or DEFAULT_PRESET


def choose_pictures(dataset: Dataset, preset: str) -> Preprocessing:
    """Picture size, colours and resizing; a new preset or data set brings its own."""
    own = f"{preset}-{dataset.id}"
    color = suggest_color(dataset)
    side = suggest_side(dataset, PRESETS[preset])
    side = st.select_slider("Picture size (pixels)", SIZES, side, key=f"size-{own}", persist_state="session")
    colors = list(COLORS)
    chosen = st.segmented_control(
        "Colours",
        colors,
        default=color,
        format_func=COLORS.get,
        key=f"color-{own}",
        persist_state="session",
        required=True,
    )
    resize = st.selectbox(
        "Other shapes", list(RESIZES), format_func=RESIZES.get, key="resize", persist_state="session"
    )
    return Preprocessing.of((side, side), chosen or color, resize=resize)


def start(workspace: Workspace, config: CnnRunConfig) -> None:
    with errors_shown():
        run = create_run(workspace.runs, to_json(config), config.name)
        launch(run)
        st.switch_page(RUNS, query_params={"run": run.id})


open_page("Train a CNN", "Stack convolution and pooling, see what each layer makes of a picture, then train.")
workspace = open_workspace()
with errors_shown():
    with st.container(horizontal=True, vertical_alignment="bottom"):
        data = choose_data(workspace)
        preset = choose_preset()
    if data is None:
        empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
        st.stop()
    dataset, split = data
    draft = st.session_state.setdefault("draft", Draft.of(PRESETS[preset].config))
    room = drawing_room()
    editor, result = st.columns([3, 2], gap="large")
    with editor:
        network_tab, training_tab, augmentation_tab, code_tab = st.tabs(
            ["Network", "Training", "Augmentation", "Code"]
        )
    with network_tab:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            preprocessing = choose_pictures(dataset, preset)
        rooms = edit_network(draft)
    with training_tab:
        training = edit_training(dataset, split)
    with augmentation_tab:
        augmentation = edit_augmentation(dataset, split, preprocessing)
    outputs = 1 if training.loss is Loss.SINGLE_LOGIT else len(dataset.classes)
    network = walk(draft.config(), preprocessing.shape, outputs)
    show_layers(network, rooms)
    draw(network, room)
    with result:
        name = st.text_input(
            "Name of the run",
            f"{PRESETS[preset].name} on {dataset.name}",
            key=f"name-{preset}-{dataset.id}",
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
        )
        button = st.container()
        ready = can_train(network, training, split)
        go = button.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=not ready,
        )
        st.caption(
            f"{count(len(split.train), 'picture')} to learn from, {len(split.valid):,} to validate on, "
            f"{len(split.test):,} kept for the final test; {count(len(dataset.classes), 'class', 'classes')}."
        )
    with code_tab:
        if network.problem is None:
            st.caption("Exactly this network and this training in plain PyTorch. It runs without the app.")
            st.code(training_script(config, dataset, split), language="python", height=600)
    if go:
        start(workspace, config)
