"""What a run will take, beside the button that starts it."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.errors import ConfigError
from core.runs.store import Run, RunState, Status, create_run
from core.training.estimate import Estimate
from core.workspace import Workspace
from tests.pages.helper import button, labels, no_exception, open_page, texts

PAGE = "train/cnn"
UNMEASURED = Estimate(663_000_000, 8_000_000, 2_000_000, 32, None, None, False)
MEASURED = Estimate(678_000_000, 6_000_000, 0, 32, 0.64, 3.2, True)


@pytest.fixture
def told(digits: Dataset, monkeypatch: pytest.MonkeyPatch):
    """Opens the page with that estimate, or that error instead."""

    def open_with(estimate: Estimate | ConfigError) -> AppTest:
        def answer(*arguments: object, **options: object) -> Estimate:
            if isinstance(estimate, ConfigError):
                raise estimate
            return estimate

        monkeypatch.setattr("pages.train.run_costs.estimate_run", answer)
        return open_page(PAGE)

    return open_with


@pytest.fixture
def trials(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The measurements that the page starts; no process is."""
    runs: list[Run] = []

    def start(workspace: Workspace, config: object) -> Run:
        runs.append(create_run(workspace.caches / "trials", {"name": "Trial"}, "trial"))
        return runs[-1]

    monkeypatch.setattr("pages.train.trial.start_trial", start)
    return runs


def costs(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def start_button(app: AppTest):
    return button(app, "Start training")


def test_memory_and_disk_are_told_and_time_is_to_be_measured(told) -> None:
    app = told(UNMEASURED)
    said = costs(app)
    for words in ("663 MB", "8.0 MB", "2.0 MB of it once for the decoded pictures", "not measured yet"):
        assert words in said
    assert "Measure" in labels(app)
    assert not start_button(app).disabled


def test_what_was_measured_is_told(told) -> None:
    app = told(MEASURED)
    said = costs(app)
    assert "0.64 s" in said
    assert "3.2 s" in said
    assert "of it once" not in said
    assert "Measure" not in labels(app)


def test_early_stopping_makes_it_at_most(told) -> None:
    app = no_exception(told(MEASURED).toggle(key="early").set_value(True).run())
    assert "at most 3.2 s" in costs(app)


def test_a_batch_in_pieces_is_told(told) -> None:
    app = told(Estimate(9_000_000_000, 6_000_000, 0, 8, None, None, False))
    assert "the memory holds no more of a batch of 32 at a time" in costs(app)
    assert not start_button(app).disabled


def test_a_gpu_has_no_estimate_of_memory(told) -> None:
    said = costs(told(Estimate(None, 6_000_000, 0, 32, None, None, False)))
    assert "Memory" not in said.split("Disk")[0].split("dl class")[-1]


def test_a_run_that_cannot_fit_says_so_and_can_not_be_started(told) -> None:
    app = told(ConfigError("It doesn't fit.", expected="1 GB", found="9 GB", fix="Choose smaller pictures."))
    assert start_button(app).disabled
    assert "Choose smaller pictures" in app.error[0].value
    assert "Measure" not in labels(app)


def test_a_measurement_is_watched_and_its_failure_told(told, trials: list[Run]) -> None:
    app = told(UNMEASURED)
    app = no_exception(button(app, "Measure").click().run())
    (trial,) = trials
    assert len(app.get("progress")) == 1
    assert "Measure" not in labels(app)
    assert "Cancel" in labels(app)
    trial.write_status(Status(RunState.FAILED, message="It broke.", fix="Mend it."))
    app = no_exception(app.run())
    assert "It broke" in app.error[0].value
    assert {"Measure", "Start training"} <= set(labels(app))


def test_a_measurement_that_another_browser_cleared_away(told, trials: list[Run], tmp_path: Path) -> None:
    app = told(UNMEASURED)
    app = no_exception(button(app, "Measure").click().run())
    trials[0].folder.rename(tmp_path / "cleared")
    app = no_exception(app.run())
    assert "Measure" in labels(app)
    assert not app.error


@pytest.mark.slow
def test_a_real_measurement(workspace: Workspace, digits: Dataset) -> None:
    """The trial runs as a process; the page then knows."""
    app = no_exception(open_page(PAGE).selectbox(key="preset").set_value("lenet-5").run())
    app = no_exception(button(app, "Measure").click().run())
    trial = Run(Path(app.session_state["trial"]))
    for _ in range(600):
        if not trial.folder.exists() or not trial.status().state.is_active:
            break
        time.sleep(0.1)
    app = no_exception(app.run())
    assert "measured with ten batches" in costs(app)
    assert "Measure" not in labels(app)
    assert not app.error, texts(app)
