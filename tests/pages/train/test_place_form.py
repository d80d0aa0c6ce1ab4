"""Where a run or a study is carried out, as chosen on a page. No cluster is there: what a look at one would
find is given."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.runs.place import Place, place_of
from core.runs.store import Run, RunState, Status, create_run
from core.tuning.studies import config_of, list_studies
from core.workspace import Workspace
from pages.train.place_form import CLUSTER
from tests.pages.helper import button, no_exception, open_page, texts

PAGE, START = "train/cnn", "Start training"


def at_a_cluster(page: str = PAGE, address: str = "head:6379") -> AppTest:
    app = open_page(page)
    app.segmented_control(key="place").set_value(CLUSTER).run()
    return no_exception(app.text_input(key="place_address").set_value(address).run())


def test_a_run_is_put_where_it_is_wanted(digits: Dataset, started: list[Run]) -> None:
    app = at_a_cluster()
    app.number_input(key="place_cpus").set_value(4)
    app.number_input(key="place_gpus").set_value(0.5)
    app.number_input(key="place_processes").set_value(2)
    app.run()
    assert "On the Ray cluster at head:6379, by 2 processes together." in texts(app).replace("\\", "")
    assert "as for this machine" in texts(app)
    no_exception(button(app, START).click().run())
    assert place_of(started[-1]) == Place("head:6379", cpus=4, gpus=0.5, processes=2)
    app.segmented_control(key="place").set_value("This machine").run()
    assert "this machine" not in texts(app)
    no_exception(button(app, START).click().run())
    assert place_of(started[-1]) is None


@pytest.mark.parametrize(
    ("installed", "address", "reason"),
    [(False, "head:6379", "pip install -r requirements-cluster.txt"), (True, "head", "not the address")],
)
def test_where_it_can_not_be_it_says_why(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch, installed: bool, address: str, reason: str
) -> None:
    monkeypatch.setattr("pages.train.place_form.is_installed", lambda: installed)
    app = open_page(PAGE)
    app.segmented_control(key="place").set_value(CLUSTER).run()
    if installed:
        app.text_input(key="place_address").set_value(address).run()
    assert reason in texts(no_exception(app))
    assert button(app, START).disabled
    assert "“Where” says why" in texts(app)


@pytest.mark.slow
def test_what_is_too_large_for_this_machine_may_go_elsewhere(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.memory.free_memory", lambda: 100_000_000)
    app = open_page(PAGE)
    assert button(app, START).disabled
    assert not button(at_a_cluster(), START).disabled


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            Status(RunState.FAILED, message="No Ray cluster answers.", fix="Start it."),
            "No Ray cluster answers",
        ),
        (
            Status(RunState.FINISHED, result={"nodes": 1, "cpus": 8.0, "gpus": 0.0, "processes": 8}),
            "1 node with 8 cores and no GPU, room for 8 processes of this size",
        ),
    ],
)
def test_a_try_tells_what_is_there(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch, status: Status, words: str
) -> None:
    asked: list[Place] = []

    def look(workspace: Workspace, place: Place) -> Run:
        asked.append(place)
        run = create_run(workspace.caches / "clusters", {"name": "Ray"}, "Ray")
        run.write_status(status)
        return run

    monkeypatch.setattr("pages.train.place_form.start_look", look)
    app = at_a_cluster()
    assert words not in texts(app)
    assert words in texts(no_exception(button(app, "Try the connection").click().run()))
    assert asked == [Place("head:6379")]
    assert words not in texts(app.number_input(key="place_cpus").set_value(2).run())  # that was not tried


def test_the_trials_of_a_study_are_put_there_too(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tuning.studies.launch", lambda run: None)
    app = at_a_cluster("train/tune")
    app.number_input(key="tune_at_once").set_value(4)
    app.selectbox(key="tune_early").set_value("halving").run()
    no_exception(button(app, "Start the study").click().run())
    [study] = list_studies(workspace)
    config = config_of(study)
    assert (config.place, config.at_once) == (Place("head:6379"), 4)
    assert (config.halving, config.worse_than) == (3, None)
