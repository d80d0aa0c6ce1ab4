import gc
import re
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.testing.v1 import AppTest

import core.insight.attribution
from core.data.dataset import Dataset
from core.insight.attribution import Attribution, Method, Settings, attribute
from core.insight.baseline import Baseline, black_of
from core.insight.overlay import color_limit
from core.insight.randomized import randomized, similarity
from core.insight.sources import open_subject
from core.insight.subject import Subject
from core.runs.store import Run
from core.training.checkpoint import load_tensors
from core.workspace import Workspace
from pages.look.attributing import AT_ONCE, KEPT, RESULTS, SEED, _turns
from pages.look.attribution_words import alike_words, empty_words, range_words, what_it_says
from pages.shared.held import held_models
from pages.shared.text import plain
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.look.altered import TWO, as_single_logit, with_nothing_for
from tests.pages.look.looking import LITE0, best_of, widget

PAGE = "look/attribution"
USUAL = {
    Method.GRAD_CAM: {"layer": "conv2"},
    Method.GUIDED: {},
    Method.INTEGRATED: {"baseline": Baseline.BLACK, "steps": 50},
    Method.OCCLUSION: {"cover": Baseline.GREY, "window": 1},
}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Method]:
    """The methods that the page has really used, in their order."""
    methods: list[Method] = []

    def counted(model: Any, x: Any, target: int, method: Method, *rest: Any, **options: Any) -> Attribution:
        methods.append(method)
        return attribute(model, x, target, method, *rest, **options)

    monkeypatch.setattr(core.insight.attribution, "attribute", counted)
    return methods


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the page be told of one attribution, whatever it asks for; `first` is called before."""

    def tell(found: Attribution, first: Callable[[Callable], None] = lambda on_progress: None) -> None:
        def answer(*asked: Any, on_progress: Callable, **options: Any) -> Attribution:
            first(on_progress)
            return found

        monkeypatch.setattr(core.insight.attribution, "attribute", answer)

    return tell


def captions(app: AppTest) -> list[str]:
    """What stands under the pictures."""
    return [picture.caption for pictures in app.image for picture in pictures.proto.imgs]


def choose(app: AppTest, label: str, value: object) -> AppTest:
    return no_exception(widget(app, "selectbox", label).set_value(value).run())


def check_beside_random(app: AppTest) -> AppTest:
    return no_exception(app.toggle(key="sanity").set_value(True).run())


def first_picture(subject: Subject, digits: Dataset) -> np.ndarray:
    return subject.read(digits.path(digits.pictures[0]))


def explained(subject: Subject, received: np.ndarray, target: int, method: Method) -> Attribution:
    settings = Settings(black=black_of(subject.receives), **USUAL[method])  # type: ignore[arg-type]
    x = subject.batch([received])
    return attribute(subject.model, x, target, method, settings, single_logit=subject.single_logit)


def likeliest(subject: Subject, received: np.ndarray) -> int:
    with torch.inference_mode():
        return int(subject.model(subject.batch([received])).argmax())


def test_every_method_says_its_raw_range_and_is_computed_once(
    workspace: Workspace, run: Run, digits: Dataset, computed: list[Method]
) -> None:
    subject = open_subject(workspace, best_of(run.id))
    received = first_picture(subject, digits)
    guess = likeliest(subject, received)
    app = open_page(PAGE, network=f"run.{run.id}")
    assert f"Its true class is {digits.pictures[0].label}" in texts(app)
    for method in Method:
        app = choose(app, "Method", method)
        found = explained(subject, received, guess, method)
        assert captions(app) == [
            "the picture, as the network receives it",
            f"{method}: {found.low:.3g} to {found.high:.3g}",
        ]
        assert f"is {found.score:.4g}. Colours reach to {color_limit(found):.3g}" in texts(app)
        assert "Compute" not in labels(app)
        assert "This map from Python" in [block.label for block in app.expander]
    for method in Method:
        app = choose(app, "Method", method)
    assert computed == list(Method)


def test_the_code_is_plain_for_grad_cam_and_with_core_for_the_others(run: Run, digits: Dataset) -> None:
    app = open_page(PAGE, network=f"run.{run.id}")
    assert str(run.folder / "best.pt") in app.code[0].value
    assert "from core" not in app.code[0].value
    app = choose(app, "Method", Method.OCCLUSION)
    assert "Settings(cover=" not in app.code[0].value  # the usual cover is not written
    app = choose(app, "Covered with", Baseline.BLURRED)
    assert "Method.OCCLUSION, Settings(cover=Baseline.BLURRED, window=1, " in app.code[0].value
    assert run.id in app.code[0].value


def test_another_class_is_explained_and_few_results_stay(
    workspace: Workspace, run: Run, digits: Dataset, computed: list[Method]
) -> None:
    subject = open_subject(workspace, best_of(run.id))
    received = first_picture(subject, digits)
    app = open_page(PAGE, network=f"run.{run.id}", method=Method.GUIDED)
    others = [target for target in range(10) if target != likeliest(subject, received)]
    for target in others:
        app = choose(app, "Class", target)
        found = explained(subject, received, target, Method.GUIDED)
        assert captions(app)[1] == f"{Method.GUIDED}: {range_words(found)}"
        assert app.markdown[1].value.startswith(f"### {subject.classes[target]} :gray[· probability ")
    assert len(computed) == 10
    assert len(app.session_state[RESULTS]) == KEPT


def test_random_weights_are_compared_once_by_their_rank_correlation(
    workspace: Workspace, run: Run, digits: Dataset, computed: list[Method]
) -> None:
    subject = open_subject(workspace, best_of(run.id))
    received = first_picture(subject, digits)
    guess = likeliest(subject, received)
    found = explained(subject, received, guess, Method.GUIDED)
    model = randomized(subject.model, SEED, subject.batch([received]))
    random = attribute(model, subject.batch([received]), guess, Method.GUIDED, Settings(), single_logit=False)
    app = open_page(PAGE, network=f"run.{run.id}", method=Method.GUIDED)
    assert "Rank correlation" not in texts(app)
    app = check_beside_random(app)
    alike = similarity(found.values, random.values)
    assert f"Rank correlation with the map of random weights: {alike:.2f}**" in texts(app)
    assert captions(app)[2] == f"random weights: {random.low:.3g} to {random.high:.3g}"
    app = no_exception(app.slider(key="opacity").set_value(0.9).run())
    assert len(captions(app)) == 3
    assert len(computed) == 2


def test_an_empty_map_says_so(workspace: Workspace, run: Run, digits: Dataset) -> None:
    with_nothing_for(run, 3)
    subject = open_subject(workspace, best_of(run.id))
    found = explained(subject, first_picture(subject, digits), 3, Method.GRAD_CAM)
    assert found.coarse is not None
    app = choose(open_page(PAGE, network=f"run.{run.id}"), "Class", 3)
    (words,) = [block.value for block in app.info]
    assert words.startswith("This map is empty: no positive evidence for 3 here.")
    assert f"{found.coarse.min():.3g} to {found.coarse.max():.3g}, all speak against it" in words
    assert captions(app)[1] == "Grad-CAM: 0 to 0"
    app = choose(app, "Class", 5)  # whose weights are all 0
    assert "are 0 at every place" in app.info[0].value
    app = choose(check_beside_random(app), "Method", Method.GUIDED)
    assert "no pixel changes the score of 5 at all" in app.info[0].value
    assert "can't be compared" in texts(app)


def test_both_classes_of_a_single_logit(workspace: Workspace, run: Run, digits: Dataset) -> None:
    as_single_logit(run)
    subject = open_subject(workspace, best_of(run.id))
    received = first_picture(subject, digits)
    app = open_page(PAGE, network=f"run.{run.id}", method=Method.INTEGRATED)
    shares = []
    for target, name in enumerate(TWO):
        app = choose(app, "Class", target)
        found = explained(subject, received, target, Method.INTEGRATED)
        assert captions(app)[1] == f"{Method.INTEGRATED}: {range_words(found)}"
        heading = app.markdown[1].value
        assert name[:4] in heading
        assert "[no](x)" not in heading
        shares.append(float(re.findall(r"probability ([\d.]+)%", heading)[0]))
    assert sum(shares) == pytest.approx(100, abs=0.11)


def test_a_large_network_waits_for_a_press_where_it_takes_long(
    workspace: Workspace, told: Callable[..., None]
) -> None:
    values = np.linspace(-1, 2, 224 * 224, dtype=np.float32).reshape(224, 224)
    asked: list[Callable] = []
    told(Attribution(Method.OCCLUSION, 0, values, 5.0), asked.append)
    app = open_page(PAGE)  # a sample, and the network that is always there
    assert asked
    assert captions(app)[1] == "Grad-CAM: -1 to 2"
    asked.clear()
    app = choose(app, "Method", Method.OCCLUSION)
    assert not asked
    assert "takes 225 passes through this network, of 0.39 billion multiply-adds each" in texts(app)
    assert not captions(app)
    app = no_exception(button(app, "Compute").click().run())
    assert len(asked) == 1
    assert captions(app)[1] == "Occlusion: -1 to 2"
    assert "Compute" not in labels(app)


def test_an_interrupted_computation_leaves_nothing_behind(
    run: Run, digits: Dataset, told: Callable[..., None]
) -> None:
    interruptions = [RerunException(RerunData()), RerunException(RerunData())]

    def interrupt(on_progress: Callable) -> None:
        on_progress(3, 10, "steps")
        if interruptions:
            raise interruptions.pop()

    values = np.ones((8, 8), np.float32)
    told(Attribution(Method.INTEGRATED, 0, values, 1.0), interrupt)
    app = open_page(PAGE, network=f"run.{run.id}", method=Method.INTEGRATED)
    assert not interruptions
    assert captions(app)[1] == "Integrated gradients: 1 to 1"
    assert len(app.session_state[RESULTS]) == 1
    assert not app.get("progress")
    assert all(_turns().acquire(blocking=False) for _ in range(AT_ONCE))


def test_who_finds_others_at_work_waits_for_a_turn(run: Run, digits: Dataset) -> None:
    turns = _turns()
    for _ in range(AT_ONCE):
        turns.acquire()
    leave = threading.Timer(1.0, turns.release)
    began = time.monotonic()
    leave.start()
    app = open_page(PAGE, network=f"run.{run.id}")
    assert time.monotonic() - began >= 1
    assert len(captions(app)) == 2
    assert not app.get("progress")


def test_a_page_that_stays_open_keeps_no_network_in_memory(run: Run, digits: Dataset) -> None:
    app = open_page(PAGE, network=f"run.{run.id}")
    (subject,) = held_models()._values.values()
    model = weakref.ref(subject.model)
    del subject
    st.cache_resource.clear()
    gc.collect()
    assert model() is None
    app = check_beside_random(app)  # and takes it again when it is needed
    assert "Rank correlation" in texts(app)


@pytest.mark.slow
def test_a_vision_transformer_says_why_it_has_no_grad_cam_and_shows_the_others() -> None:
    app = open_page(PAGE, network="backbone.vit_b_32")
    assert "trained weights of **vit\\_b\\_32** are not on this machine" in texts(app)
    app = no_exception(button(app, "Look at untrained weights").click().run())
    assert "behind its last convolution comes attention" in app.error[0].value
    assert "Choose guided backpropagation" in app.error[0].value
    assert not captions(app)
    app = choose(app, "Method", Method.GUIDED)
    assert not app.error
    assert len(captions(app)) == 2
    assert "no ReLU to guide the gradient at" in texts(app)
    app = choose(app, "Method", Method.INTEGRATED)
    assert "Compute" in labels(app)


@pytest.mark.parametrize("file", ["best.pt", "model.json"])
def test_a_damaged_run_is_named_and_another_network_can_be_chosen(
    run: Run, digits: Dataset, file: str, told: Callable[..., None]
) -> None:
    (run.folder / file).write_bytes(b"{")
    app = open_page(PAGE, network=f"run.{run.id}")
    assert plain(file) in app.error[0].value
    told(Attribution(Method.GRAD_CAM, 0, np.ones((224, 224), np.float32), 1.0))
    app = choose(app, "Network", "backbone.efficientnet_lite0")
    assert not app.error
    assert len(captions(app)) == 2


def test_weights_that_are_not_finite_are_no_map(run: Run, digits: Dataset) -> None:
    weights = {name: value * torch.nan for name, value in load_tensors(run.folder / "best.pt").items()}
    torch.save(weights, run.folder / "best.pt")
    app = open_page(PAGE, network=f"run.{run.id}")
    assert "not finite" in app.error[0].value
    assert not captions(app)


def test_a_file_that_is_no_picture_is_refused_and_the_next_one_taken(run: Run, digits: Dataset) -> None:
    app = open_page(PAGE, network=f"run.{run.id}")
    app = no_exception(app.segmented_control(key="picture_way").set_value("Upload").run())
    assert "Give a picture" in app.info[0].value
    app.file_uploader[0].set_value(("words.png", b"no picture", "image/png"))
    app = no_exception(app.run())
    assert "Not a picture" in app.error[0].value
    content = digits.path(digits.pictures[0]).read_bytes()
    app.file_uploader[0].set_value(("<b>digit</b>.png", content, "image/png"))
    app = no_exception(app.run())
    assert not app.error
    assert len(captions(app)) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"network": "x", "method": "y"},
        {"network": "run.", "dataset": "z", "method": ""},
        {"network": "backbone.no_such_net", "method": "Occlusion "},
    ],
)
def test_odd_addresses_lead_to_what_there_is(
    run: Run, digits: Dataset, query: dict[str, str], computed: list[Method]
) -> None:
    app = open_page(PAGE, **query)
    assert app.query_params["network"] == f"run.{run.id}"
    assert computed == [Method.GRAD_CAM]
    assert not app.error


def attribution(method: Method, values: np.ndarray, **others: Any) -> Attribution:
    return Attribution(method, 0, values.astype(np.float32), 2.5, **others)


def test_words_of_raw_numbers() -> None:
    pixels = np.zeros((20, 20))
    pixels[0, :4] = 1, 2, 3, 400
    words = what_it_says(attribution(Method.INTEGRATED, pixels, baseline_score=0.5, gap=-0.25, note="Odd."))
    assert "is 2.5. Colours reach to " in words
    assert re.search(r"and 1\.0% of the pixels are beyond\.", words)
    assert "the rise of the score from the baseline, 2; they miss it by 0.25. Odd." in words
    coarse = np.array([[-1.0, 0.5], [0, 0]])
    words = what_it_says(attribution(Method.GRAD_CAM, np.full((4, 4), 0.5), coarse=coarse))
    assert "Colours reach to 0.5, the largest absolute value. The map itself has 2 x 2 values" in words


def test_words_of_an_empty_map_name_the_class_as_it_is() -> None:
    found = attribution(Method.GRAD_CAM, np.zeros((2, 2)), coarse=np.array([[-2.0, -0.5]]))
    assert empty_words("[a](b)", found).startswith(
        r"This map is empty: no positive evidence for \[a\]\(b\) here."
    )
    assert "Colours" not in what_it_says(found)


def test_words_of_the_check() -> None:
    assert "depends on what the network has learned" in alike_words(0.1)
    assert "0.10" in alike_words(0.1)
    assert "shows the picture, not the reasons" in alike_words(0.9)
    assert "can't be compared" in alike_words(None)


def test_the_network_of_all_times_is_explained_without_any_run(workspace: Workspace) -> None:
    app = open_page(PAGE)
    subject = open_subject(workspace, LITE0)
    assert app.query_params["network"] == "backbone.efficientnet_lite0"
    assert "palace" in app.markdown[1].value
    found = app.session_state[RESULTS].popitem()[1]
    assert found.target == subject.classes.index("palace")
    assert not found.is_empty
