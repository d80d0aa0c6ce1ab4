import streamlit as st

from core.data.splitting import current_split
from core.models.saved_model import SavedFineTuned
from core.records import to_json
from core.runs.launcher import get_ready, launch
from core.runs.place import Place, put_at
from core.runs.store import create_run
from core.training.config import Loss
from core.training.fine_tune_config import FineTuneConfig
from core.workspace import Workspace, open_workspace
from pages.look.network import title
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.page import RUNS, open_page
from pages.shared.text import count
from pages.train.augmentation_form import edit_augmentation
from pages.train.backbone_choice import choose_data_and_backbone
from pages.train.fine_tune_costs import can_fine_tune
from pages.train.fine_tune_form import choose_trains, edit_blocks, edit_head, edit_rates, edit_views
from pages.train.fine_tune_outline import show_outline
from pages.train.place_form import COSTS_HERE, choose_place, place_words
from pages.train.training_form import edit_training


def start(workspace: Workspace, config: FineTuneConfig, place: Place | None) -> None:
    with errors_shown():
        run = create_run(workspace.runs, to_json(config), config.name)
        put_at(run, place)
        launch(run)
        st.switch_page(RUNS, query_params={"run": run.id})


open_page(
    "Fine-tune",
    "A network that has seen a million photos gets a new head for your classes, and learns as much more as "
    "you let it.",
)
workspace = open_workspace()
with errors_shown():
    chosen, backbone, weights = choose_data_and_backbone(workspace)
    with st.spinner("Loading PyTorch", show_time=False):
        from core.models.backbones import preprocessing_of
        from core.models.outline import outline_of
        from core.training.fine_tune_script import fine_tune_script
    dataset = dataset_of(workspace, chosen)
    split = current_split(dataset)
    receives = preprocessing_of(backbone)
    room = st.container()
    editor, result = st.columns([3, 2], gap="large")
    with editor:
        network_tab, training_tab, augmentation_tab, code_tab = st.tabs(
            ["What trains", "Training", "Augmentation", "Code"]
        )
    with training_tab:
        rates = st.container()
        training = edit_training(dataset, split)
        place, is_usable = choose_place(workspace, together=True)
    with network_tab:
        what = choose_trains()
        left, right = st.columns(2, gap="large")
        with right:
            head = edit_head()
        single_logit = training.loss is Loss.SINGLE_LOGIT
        outline = outline_of(SavedFineTuned(backbone, head, receives, dataset.classes, single_logit))
        with left:
            trains = edit_blocks(what, outline)
    with rates:
        paces = edit_rates(what, training.epochs)
    with augmentation_tab:
        augmentation = edit_augmentation(dataset, split, receives)
        views = {} if augmentation.is_off else {"views": edit_views(training.epochs)}
    with result:
        name = st.text_input(
            "Name of the run",
            f"{title(backbone)} on {dataset.name}",
            key=f"name-{backbone}-{dataset.id}",
            persist_state="session",
        )
        config = FineTuneConfig(
            name.strip() or "Unnamed run",
            dataset.id,
            split.id,
            dataset.classes,
            backbone,
            weights,
            head,
            training=training,
            augmentation=augmentation,
            **trains,
            **paces,
            **views,
        )
        button = st.container()
        ready = can_fine_tune(workspace, config, outline, dataset, split, elsewhere=place is not None)
        go = button.button(
            "Start fine-tuning",
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
    with room:
        show_outline(outline, config)
    with code_tab:
        st.caption(
            "This fine-tuning in plain PyTorch, with the frozen part in every epoch: the same numbers, later."
        )
        st.code(fine_tune_script(workspace, config, dataset, split), language="python", height=600)
    if go:
        start(workspace, config, place)
    get_ready()
