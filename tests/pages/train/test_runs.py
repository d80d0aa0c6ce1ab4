import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.runs.store import Run, RunState, list_runs
from core.workspace import Workspace
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.runs import failed_run, finished_run, lost_run, new_run, run_at_work

PAGE = "train/runs"


def test_no_run_and_no_data_leads_to_the_data() -> None:
    app = open_page(PAGE)
    assert "no run yet" in texts(app)
    assert labels(app) == ["Bring pictures"]


def test_no_run_but_data_leads_to_the_builder(digits: Dataset) -> None:
    assert labels(open_page(PAGE)) == ["Design a network"]


def test_the_list_tells_state_and_accuracy_of_every_run(
    workspace: Workspace, digits: Dataset, run: Run
) -> None:
    failed_run(workspace, digits)
    lost_run(workspace, digits)
    with run_at_work(workspace, digits):
        app = open_page(PAGE)
    assert {"Small run", "Failed", "Lost", "At work"} <= set(labels(app))
    words = texts(app)
    best = max(record["valid_accuracy"] for record in run.metrics())
    assert f"**{best:.1%}** validation accuracy · epoch 2 of 2" in words
    for state in ("finished", "failed", "lost", "running"):
        assert re.search(rf"-badge\[:material/\w+: {state}\]", words)


def test_a_run_opens_from_the_list(run: Run) -> None:
    app = no_exception(button(open_page(PAGE), "Small run").click().run())
    assert app.query_params["run"] == run.id
    assert app.title[0].value == "Small run"


@pytest.mark.parametrize("file", ["config.json", "status.json", "metrics.jsonl", "predictions-valid.npz"])
@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"epoch": null}'])
def test_damaged_files_never_break_list_or_run(run: Run, file: str, content: bytes) -> None:
    (run.folder / file).write_bytes(content)
    app = open_page(PAGE)
    assert app.title[0].value == "Runs"
    assert len(app.button) == 1  # the run stays in the list
    app = open_page(PAGE, run=run.id)
    assert "All runs" in labels(app)
    if file == "predictions-valid.npz":
        assert "Best epoch" in [metric.label for metric in app.metric]
        assert "predictions\\-valid\\.npz" in app.error[0].value


def test_a_damaged_run_is_named_and_can_be_deleted(workspace: Workspace, run: Run) -> None:
    (run.folder / "status.json").write_text("{")
    assert ": damaged]" in texts(open_page(PAGE))
    app = open_page(PAGE, run=run.id)
    assert "This run is damaged" in app.error[0].value
    no_exception(button(app, "Delete for good").click().run())
    assert list_runs(workspace.runs) == []


def test_runs_lie_side_by_side_with_what_differs(workspace: Workspace, digits: Dataset, run: Run) -> None:
    finished_run(workspace, digits, "Slower", learning_rate=1e-4)
    app = open_page(PAGE)
    table = app.dataframe[0].value
    assert set(table.columns) == {"Small run", "Slower"}
    assert table.loc["Learning rate", "Slower"] == "0.0001"
    assert "Batch size" not in table.index
    app = no_exception(app.toggle[0].set_value(False).run())
    assert app.dataframe[0].value.loc["Batch size"].tolist() == ["32", "32"]
    assert app.dataframe[0].value.loc["Data set"].tolist() == ["Digits", "Digits"]


def test_a_finished_run_shows_numbers_matrix_scores_and_mistakes(digits: Dataset, run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    numbers = {metric.label: metric.value for metric in app.metric}
    best = max(run.metrics(), key=lambda record: record["valid_accuracy"])
    assert numbers["Validation accuracy"] == f"{best['valid_accuracy']:.1%}"
    assert numbers["Best epoch"] == f"{best['epoch']} of 2"
    assert numbers["Test accuracy"] == f"{run.status().result['test_accuracy']:.1%}"
    assert len(app.get("vega_lite_chart")) == 2
    assert _plotly(app) == {"matrix", "calibration"}
    scores = next(frame.value for frame in app.dataframe if "precision" in frame.value)
    assert scores["label"].tolist() == [str(digit) for digit in range(10)]
    assert scores["support"].sum() == len(current_split(digits).valid)
    assert "taken for" in app.selectbox[0].options[0]
    assert len(app.image) > 0


def _plotly(app: AppTest) -> set[str]:
    return {str(chart.key).split("_")[0] for chart in app.get("plotly_chart")}


def test_another_cell_shows_its_pictures(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    right = next(cell for cell in app.selectbox[0].options if "rightly" in cell)
    pictures = int(right.split(": ")[1].split()[0])
    before = len(app.image)
    first = int(app.selectbox[0].options[0].split(": ")[1].split()[0])
    app = no_exception(app.selectbox[0].select(right).run())
    assert len(app.image) == before - first + pictures


def test_the_test_part_has_its_own_results(digits: Dataset, run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    app = no_exception(app.segmented_control[0].set_value("test").run())
    scores = next(frame.value for frame in app.dataframe if "precision" in frame.value)
    assert scores["support"].sum() == len(current_split(digits).test)


def test_results_stay_when_the_pictures_are_gone(workspace: Workspace, digits: Dataset, run: Run) -> None:
    delete_dataset(workspace, digits.id)
    app = open_page(PAGE, run=run.id)
    assert "There is no data set" in app.error[0].value
    assert len(app.get("vega_lite_chart")) == 2
    assert _plotly(app) == {"matrix", "calibration"}


def test_a_failed_run_says_why_and_what_to_do(workspace: Workspace, digits: Dataset) -> None:
    app = open_page(PAGE, run=failed_run(workspace, digits).id)
    assert "ran out of memory" in app.error[0].value
    assert "Choose a smaller batch" in app.error[0].value
    assert "Try again" in labels(app)


def test_a_lost_run_offers_to_go_on(workspace: Workspace, digits: Dataset, monkeypatch) -> None:
    run = lost_run(workspace, digits)
    run.metrics_file.write_text(json.dumps({"epoch": 1, "valid_accuracy": 0.5, "is_best": True}) + "\n")
    launched = []
    monkeypatch.setattr("pages.shared.run_actions.launch", launched.append)
    app = open_page(PAGE, run=run.id)
    assert "died without a word" in app.error[0].value
    no_exception(button(app, "Go on").click().run())
    assert launched == [run]


def test_a_run_at_work_shows_progress_and_stops_when_asked(workspace: Workspace, digits: Dataset) -> None:
    how_far = {"epoch": 2, "done": 3, "total": 12, "what": "training", "seconds_left": 95.0}
    with run_at_work(workspace, digits, pictures_per_second=1234.5, **how_far) as run:
        app = open_page(PAGE, run=run.id)
        bars = [bar.text for bar in app.get("progress")]
        assert bars == ["**Epoch 2 of 2** · about 1 min 35 s left", "Batch 3 of 12"]
        assert {metric.label: metric.value for metric in app.metric}["Pictures a second"] == "1,234"
        assert "Delete for good" not in labels(app)
        app = no_exception(button(app, "Stop").click().run())
        assert run.stop_file.exists()
        assert button(app, "Stopping").disabled
        assert "the best epoch so far is kept" in texts(app)


@pytest.mark.parametrize(
    ("ahead", "words"), [(None, "the process is starting"), (0, "next in line"), (2, "2 runs before")]
)
def test_a_queued_run_tells_its_place(workspace: Workspace, digits: Dataset, ahead, words: str) -> None:
    result = {} if ahead is None else {"ahead": ahead}
    with run_at_work(workspace, digits, state=RunState.QUEUED, result=result) as run:
        assert words in texts(open_page(PAGE, run=run.id))


def test_rename(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    app.text_input[0].set_value("  Better [name](x)  ")
    app = no_exception(button(app, "Save the name").click().run())
    assert run.name == "Better [name](x)"
    assert app.title[0].value == r"Better \[name\]\(x\)"
    app.text_input[0].set_value("   ")
    app = no_exception(button(app, "Save the name").click().run())
    assert "needs a name" in app.error[0].value
    assert run.name == "Better [name](x)"


def test_delete_asks_and_returns_to_the_list(workspace: Workspace, run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    assert "can't be brought back" in texts(app)
    app = no_exception(button(app, "Delete for good").click().run())
    assert list_runs(workspace.runs) == []
    assert "no run yet" in texts(app)


def test_more_epochs_start_the_worker_again(run: Run, monkeypatch) -> None:
    launched = []
    monkeypatch.setattr("core.runs.continuing.launch", launched.append)
    app = open_page(PAGE, run=run.id)
    app.number_input(key="more_epochs").set_value(3)
    no_exception(button(app, "Continue training").click().run())
    assert launched == [run]
    assert run.config()["training"]["epochs"] == 5


@pytest.mark.parametrize("asked", ["20261123-000000-none-abcd", "../../etc", "<script>", "x" * 300])
def test_an_unknown_run_in_the_address_leads_back(asked: str) -> None:
    app = open_page(PAGE, run=asked)
    assert len(app.error) == 1
    assert "no run yet" in texts(no_exception(button(app, "All runs").click().run()))


def test_many_runs_come_in_pages(workspace: Workspace, digits: Dataset) -> None:
    for number in range(10):
        new_run(workspace, digits, f"Run {number}")
    app = open_page(PAGE)
    first = [label for label in labels(app) if label.startswith("Run ")]
    app = no_exception(app.number_input(key="runs_page").set_value(2).run())
    second = [label for label in labels(app) if label.startswith("Run ")]
    assert len(first) == 8
    assert len(second) == 2
    assert len({*first, *second}) == 10
