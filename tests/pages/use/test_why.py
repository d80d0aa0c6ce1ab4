from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core.insight.attribution
from core.data.dataset import Dataset
from core.insight.attribution import Attribution, Method, Settings, attribute
from core.runs.prediction_jobs import prediction_sets
from core.runs.store import Run
from core.serving.prediction import Predictor, load_predictor
from core.serving.prediction_set import names_of
from core.workspace import Workspace
from pages.look.picture import BROUGHT, WAY
from pages.shared.page import ATTRIBUTION
from tests.pages.helper import PROJECT, SECONDS, button, no_exception, open_page, texts
from tests.pages.look.altered import TWO, as_single_logit, with_nothing_for, without_maps
from tests.pages.look.conftest import nothing_held

__all__ = ["nothing_held"]

PAGE = "use/predict"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Method]]:
    """The classes and methods that the page has really computed, in their order."""
    asked: list[tuple[int, Method]] = []

    def counted(model: Any, x: Any, target: int, method: Method, *rest: Any, **options: Any) -> Attribution:
        asked.append((target, method))
        return attribute(model, x, target, method, *rest, **options)

    monkeypatch.setattr(core.insight.attribution, "attribute", counted)
    return asked


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """The pages that were gone to, and their addresses' questions."""
    pages: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        "streamlit.switch_page", lambda page, query_params: pages.append((page, query_params))
    )
    return pages


def upload(app: AppTest, *files: Path) -> AppTest:
    app.file_uploader[0].set_value([(file.name, file.read_bytes(), "image/png") for file in files])
    return no_exception(app.run())


def look_at(app: AppTest, position: int) -> AppTest:
    """Press the picture at that position."""
    return no_exception(next(each for each in app.button if each.key == f"look_{position}").click().run())


def ask_why(app: AppTest) -> AppTest:
    app.session_state["why"] = True
    return no_exception(app.run())


def digit(dataset: Dataset, index: int) -> Path:
    return dataset.path(dataset.pictures[index])


def explained(predictor: Predictor, file: Path, target: int) -> Attribution:
    x = predictor.batch([predictor.read(file)])
    settings, single_logit = Settings(layer="conv2"), predictor.saved.single_logit
    return attribute(predictor.model, x, target, Method.GRAD_CAM, settings, single_logit=single_logit)


def raw(found: Attribution) -> str:
    return f"raw values from {found.low:.3g} to {found.high:.3g}"


def test_an_upload_is_explained_when_it_is_asked_for_and_only_once(
    run: Run, digits: Dataset, computed: list[tuple[int, Method]]
) -> None:
    files = [digit(digits, 0), digit(digits, 300)]
    app = upload(open_page(PAGE, run=run.id), *files)
    assert not computed
    app = ask_why(app)
    predictor = load_predictor(run)
    guesses = predictor.predict([predictor.read(file) for file in files]).argmax(1).tolist()
    assert computed == [(guesses[0], Method.GRAD_CAM)]
    assert raw(explained(predictor, files[0], guesses[0])) in texts(app)
    assert "at the layer conv2" in texts(app)
    app = no_exception(app.slider(key="top_k").set_value(3).run())
    assert len(computed) == 1
    app = look_at(app, 1)
    assert raw(explained(predictor, files[1], guesses[1])) in texts(app)
    assert computed == [(guess, Method.GRAD_CAM) for guess in guesses]
    app.session_state["why"] = False
    app = no_exception(app.run())
    assert "raw values" not in texts(app)


def test_ask_more_takes_the_picture_and_the_run_along(
    run: Run, digits: Dataset, opened: list[tuple[str, dict[str, str]]]
) -> None:
    app = upload(open_page(PAGE, run=run.id), digit(digits, 0), digit(digits, 7))
    app = ask_why(look_at(app, 1))
    app = no_exception(button(app, "Ask more").click().run())
    assert opened == [(ATTRIBUTION, {"network": f"run.{run.id}"})]
    brought = app.session_state[BROUGHT]
    assert (brought.name, brought.source) == (digit(digits, 7).name, digit(digits, 7).read_bytes())

    there = AppTest.from_file(str(PROJECT / "pages" / ATTRIBUTION), default_timeout=SECONDS)
    there.query_params["network"] = f"run.{run.id}"
    for key in (BROUGHT, WAY):
        there.session_state[key] = app.session_state[key]
    there = no_exception(there.run())
    assert digit(digits, 7).name.removesuffix(".png") in texts(there)
    predictor = load_predictor(run)
    guess = int(predictor.predict([predictor.read(digit(digits, 7))]).argmax())
    found = explained(predictor, digit(digits, 7), guess)
    captions = [picture.caption for pictures in there.image for picture in pictures.proto.imgs]
    assert captions[1] == f"Grad-CAM: {found.low:.3g} to {found.high:.3g}"


def test_pictures_of_the_data_set_are_explained_and_taken_along(
    workspace: Workspace, run: Run, digits: Dataset, opened: list[tuple[str, dict[str, str]]]
) -> None:
    app = no_exception(button(open_page(PAGE, run=run.id), "Try pictures of the data set").click().run())
    app = ask_why(app)
    name = names_of(prediction_sets(workspace)[0].folder)[0]
    file = next(digits.path(picture) for picture in digits.pictures if picture.name == name)
    predictor = load_predictor(run)
    guess = int(predictor.predict([predictor.read(file)]).argmax())
    assert raw(explained(predictor, file, guess)) in texts(app)
    app = no_exception(button(app, "Ask more").click().run())
    assert app.session_state[BROUGHT].source == file.read_bytes()
    assert len(opened) == 1


def test_a_single_logit_is_explained_for_the_class_that_it_says(run: Run, digits: Dataset) -> None:
    as_single_logit(run)
    predictor = load_predictor(run)
    files = [digits.path(picture) for picture in digits.pictures]
    guesses = predictor.predict([predictor.read(file) for file in files]).argmax(1)
    chosen = [files[int(np.flatnonzero(guesses == target)[0])] for target in (0, 1)]
    app = ask_why(upload(open_page(PAGE, run=run.id), *chosen))
    for target, file in enumerate(chosen):
        app = look_at(app, target)
        found = explained(predictor, file, target)
        assert ("This map is empty" if found.is_empty else raw(found)) in texts(app)
        assert TWO[target][:2] in texts(app)


def test_an_empty_map_says_so_and_more_can_be_asked(run: Run, digits: Dataset) -> None:
    with_nothing_for(run, 3, other=-2)
    app = ask_why(upload(open_page(PAGE, run=run.id), digit(digits, 0)))
    assert "This map is empty: no positive evidence for 3 here." in app.info[0].value
    assert "Ask more" in [each.label for each in app.button]


def test_a_network_without_maps_says_why_and_more_can_be_asked(
    run: Run, digits: Dataset, opened: list[tuple[str, dict[str, str]]]
) -> None:
    without_maps(run)
    app = ask_why(upload(open_page(PAGE, run=run.id), digit(digits, 0)))
    assert "no convolution that puts out a map larger than 1 × 1" in app.error[0].value
    no_exception(button(app, "Ask more").click().run())
    assert opened
