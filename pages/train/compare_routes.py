"""One press: a run of every route on one split, and the comparisons that were made so before."""

import streamlit as st

from core.comparison.learning_curve import SHARES
from core.comparison.route_comparison import RouteComparison, list_comparisons, start_comparison
from core.comparison.routes import MOST_SEEDS, Route, RouteSettings
from core.data.dataset import Dataset
from core.data.splitting import Split, current_split
from core.workspace import Workspace
from pages.look.network import title
from pages.look.weights import have_weights
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, empty_state
from pages.shared.pickers import pick_dataset
from pages.shared.text import count, plain, when

COMPARISON = "comparison"  # in the address
SEEDS_HELP = "how much luck there is in a training shows only when it is repeated."
WORDS = {
    Route.FROM_SCRATCH: "a small network that has seen nothing before",
    Route.FEATURES: "a frozen backbone's features, and a logistic regression on them",
    Route.HEAD: "a frozen backbone with a new head",
    Route.LAST_BLOCK: "the backbone's last block and the head learn",
    Route.FULL: "the whole backbone learns",
}


def ask_for_routes(workspace: Workspace) -> None:
    """The form, and the earlier comparisons."""
    chosen = pick_dataset(workspace)
    if chosen is None:
        empty_state("Bring a data set first.", DATASETS, "Go to datasets", key="to_datasets")
        return
    dataset = dataset_of(workspace, chosen)
    split = current_split(dataset)
    form, words = st.columns([2, 3], gap="large")
    with form:
        settings = _settings(workspace)
    with words:
        _what_it_does(dataset, split, settings)
    if settings is not None:
        with form:
            if st.button("Compare the routes", type="primary", icon=":material/play_arrow:", width="stretch"):
                _start(workspace, dataset, split, settings)
    _earlier(workspace, dataset)


def _settings(workspace: Workspace) -> RouteSettings | None:
    """What all routes share; None while the backbone's weights are missing."""
    from core.models.backbones import backbone_names

    backbone = st.selectbox(
        "Backbone", backbone_names(), format_func=title, key="route_backbone", persist_state="session"
    )
    weights = have_weights(workspace, backbone, title(backbone))
    left, right = st.columns(2, vertical_alignment="bottom")
    tuning, scratch, seed, seeds = (
        place.number_input(label, low, high, first, key=key, help=words, persist_state="session")
        for place, label, low, high, first, key, words in (
            (left, "Epochs, fine-tuning", 1, 1000, 10, "route_epochs", None),
            (right, "Epochs, from scratch", 1, 1000, 30, "scratch_epochs", None),
            (left, "First seed", 0, 10**9, 0, "route_seed", None),
            (
                right,
                "Seeds",
                1,
                MOST_SEEDS,
                1,
                "route_seeds",
                "Each route is trained so often: " + SEEDS_HELP,
            ),
        )
    )
    fewer = st.toggle(
        "Also with 10, 25 and 50 % of the training pictures",
        key="fewer_pictures",
        persist_state="session",
        help="Four times as many runs: how much each route would gain from more pictures.",
    )
    if weights is None:
        return None
    return RouteSettings(backbone, weights, tuning, scratch, seed, seeds, SHARES if fewer else (1.0,))


def _what_it_does(dataset: Dataset, split: Split, settings: RouteSettings | None) -> None:
    lines = [f"- **{route[:1].upper()}{route[1:]}**: {WORDS[route]}" for route in Route]
    st.markdown("\n".join(lines))
    trainings = len(settings.shares) + settings.seeds - 1 if settings else 1
    judged = f"{len(split.test or split.valid):,} {'test' if split.test else 'validation'} pictures"
    st.caption(
        f"{count(len(Route) * trainings, 'run')}, one after the other, on "
        f"{count(len(split.train), 'picture')} of {plain(dataset.name)}; all judged on the same {judged}. "
        "They go on without this page, and each is a run like any other."
    )


def _start(workspace: Workspace, dataset: Dataset, split: Split, settings: RouteSettings) -> None:
    with errors_shown():
        comparison = start_comparison(workspace, dataset, split, settings)
        open_comparison(comparison)


def _earlier(workspace: Workspace, dataset: Dataset) -> None:
    earlier = [each for each in list_comparisons(workspace) if each.dataset_id == dataset.id]
    if not earlier:
        return
    st.subheader("Earlier ones on this data set", anchor=False)
    for each in earlier:
        label = f"{plain(each.name)} · {title(each.settings.backbone)} · {when(each.created)}"
        if st.button(label, key=f"open_{each.id}", type="tertiary", icon=":material/leaderboard:"):
            open_comparison(each)


def open_comparison(comparison: RouteComparison) -> None:
    st.query_params[COMPARISON] = comparison.id
    st.rerun()
