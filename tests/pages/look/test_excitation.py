"""What excites a channel: the search as the page starts and watches it, and what it shows of a result."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.insight.excitation import Excitation, excite, sample_of, save_excitation
from core.insight.sources import open_subject
from core.records import from_json
from core.runs.excitations import ExcitationConfig, excitation_file
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace
from tests.digits import may_lose_pictures
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.look.looking import best_of, place_of, widget

PAGE = "look/feature_maps"
LAYER = "activation1"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The searches that are started; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("core.runs.side_jobs.launch", runs.append)
    return runs


def opened(run: Run) -> AppTest:
    return open_page(PAGE, network=f"run.{run.id}", layer=LAYER, maps_view="What excites a channel")


def press(app: AppTest, label: str) -> AppTest:
    return no_exception(button(app, label).click().run())


def result_file(workspace: Workspace, run: Run, dataset: Dataset) -> Path:
    """For the pictures that the page proposes."""
    subject = open_subject(workspace, best_of(run.id))
    row = place_of(subject, LAYER).row
    config = ExcitationConfig("x", best_of(run.id), subject.key, dataset.id, row, 200)
    return excitation_file(workspace, config)


def keep(workspace: Workspace, run: Run, dataset: Dataset, **changes: object) -> Excitation:
    """A result as the search leaves it."""
    subject = open_subject(workspace, best_of(run.id))
    row = place_of(subject, LAYER).row
    found = replace(excite(subject, dataset, sample_of(dataset, 200), row), **changes)
    file = result_file(workspace, run, dataset)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_excitation(found, file)
    return found


def captions(app: AppTest) -> list[str]:
    """Of the pictures that are shown."""
    return [caption for element in app.image for caption in element.captions]


def test_a_search_is_started_watched_and_its_failure_told(run: Run, launched: list[Run]) -> None:
    app = opened(run)
    assert "Sends 200 pictures through the network" in texts(app)
    app = press(app, "Search")
    (job,) = launched
    config = from_json(ExcitationConfig, job.config())
    assert (config.subject, config.most, config.name) == (best_of(run.id), 200, f"What excites {LAYER}")
    assert "Cancel" in labels(app)
    assert button(app, "Search").disabled
    job.write_status(Status(RunState.FAILED, message="The disk is full.", fix="Make room."))
    app = no_exception(app.run())
    assert "The disk is full" in app.error[0].value
    app = no_exception(widget(app, "selectbox", "Layer").set_value("conv1").run())
    assert not app.error


def test_the_pictures_of_a_result_are_shown_with_their_values(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    found = keep(workspace, run, digits)
    app = opened(run)
    assert "Search" not in labels(app)
    for channel in (0, 7):
        app = no_exception(widget(app, "number_input", "Channel").set_value(channel).run())
        classes = [digits.pictures[index].label for index in found.pictures[channel]]
        values = [f"{value:.3g}" for value in found.values[channel]]
        assert captions(app) == [f"{value} · {name}" for value, name in zip(values, classes, strict=True)]
        assert f"**Channel {channel}** put out {found.low[channel]:.3g}" in texts(app)
    may_lose_pictures(digits)
    digits.path(digits.pictures[int(found.pictures[7, 0])]).unlink()
    assert len(captions(no_exception(app.run()))) == len(values) - 1
    for picture in digits.pictures[1:]:
        digits.path(picture).unlink(missing_ok=True)
    app = no_exception(app.run())
    assert len(captions(app)) == (0 in found.pictures[7])


def test_a_dead_channel_has_no_pictures(workspace: Workspace, run: Run, digits: Dataset) -> None:
    nothing = np.zeros(8, np.float32)
    keep(workspace, run, digits, low=nothing, high=nothing)
    app = opened(run)
    assert "No picture excites this channel" in app.info[0].value
    assert captions(app) == []


def test_a_search_that_saw_nothing_says_so(workspace: Workspace, run: Run, digits: Dataset) -> None:
    none = np.zeros((0, 0))
    keep(workspace, run, digits, values=none, pictures=none, low=none[0:0], high=none[0:0], seen=0)
    assert "None of the pictures could be read" in opened(run).warning[0].value


def test_a_damaged_result_is_searched_again(workspace: Workspace, run: Run, digits: Dataset) -> None:
    keep(workspace, run, digits)
    file = result_file(workspace, run, digits)
    file.write_bytes(file.read_bytes()[:90])
    app = opened(run)
    assert "damaged" in app.error[0].value
    assert "Search" in labels(no_exception(app.run()))


def test_other_weights_have_no_result_yet(workspace: Workspace, run: Run, digits: Dataset) -> None:
    keep(workspace, run, digits)
    os.utime(run.folder / "best.pt", (1, 1))
    assert "Search" in labels(opened(run))


def test_without_pictures_the_page_leads_to_them() -> None:
    app = open_page(PAGE, maps_view="What excites a channel")
    assert "Bring pictures" in labels(app)
