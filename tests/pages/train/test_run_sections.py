"""What is below the curves of a run: each tab, also of a run that has nothing to say there."""

import json
import shlex

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.runs.place import Place, put_at
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace, write_json
from tests.pages.helper import open_page, texts
from tests.pages.runs import new_run, run_at_work

BEHIND, HOW, KEPT, SETTINGS, LOG = "Behind the curves", "How it runs", "What is kept", "Settings", "Log"
CURVES = 2
NEW_FIELDS = ("gradient_norm", "memory", "phases")
FACTS = {
    "torch": "2.14.1",
    "device": "cpu",
    "precision": "bfloat16",
    "channels_last": True,
    "threads": 2,
    "piece": 32,
    "compiled": False,
    "milliseconds": {"float32, channels last": 57.1, "bfloat16, channels last": 30.0},
}


def opened(run: Run, part: str) -> AppTest:
    return open_page("train/runs", run=run.id, part=part)


def html(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def charts(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def titles(app: AppTest) -> list[str]:
    return [chart["title"]["text"] for chart in charts(app)][CURVES:]


def forget_new_fields(run: Run) -> None:
    """Make the records those of a version that knew no such fields."""
    records = [{k: v for k, v in record.items() if k not in NEW_FIELDS} for record in run.metrics()]
    run.metrics_file.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_the_tabs_of_a_run_with_and_without_results(workspace: Workspace, digits: Dataset, run: Run) -> None:
    rest = [BEHIND, HOW, KEPT, SETTINGS, LOG]
    assert [tab.label for tab in open_page("train/runs", run=run.id).tabs] == ["Results", *rest]
    with run_at_work(workspace, digits) as at_work:
        assert [tab.label for tab in open_page("train/runs", run=at_work.id).tabs] == rest


def test_behind_the_curves_of_a_finished_run(run: Run) -> None:
    assert titles(opened(run, BEHIND)) == [
        "Seconds of an epoch",
        "Pictures a second",
        "Peak memory, bytes",
        "Gradient norm",
        "Learning rate",
    ]


def test_the_bound_of_the_gradient_is_drawn(run: Run) -> None:
    config = run.config()
    run.write_config({**config, "training": {**config["training"], "gradient_clip": 2.5}})
    assert "Gradient norm, clip at 2.5" in titles(opened(run, BEHIND))


def test_records_of_an_earlier_version_leave_out_what_they_lack(run: Run) -> None:
    forget_new_fields(run)
    app = opened(run, BEHIND)
    assert titles(app) == ["Pictures a second", "Learning rate"]
    assert "made before" in texts(app)


def test_before_the_first_epoch_all_charts_wait_empty(workspace: Workspace, digits: Dataset) -> None:
    with run_at_work(workspace, digits, epoch=1) as run:
        assert len(titles(opened(run, BEHIND))) == 5


def test_a_run_that_never_finished_an_epoch_says_so(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, digits, "Nothing")
    run.write_status(Status(RunState.STOPPED))
    app = opened(run, BEHIND)
    assert charts(app) == []
    assert "No epoch has been finished" in texts(app)


def test_how_it_runs_tells_what_was_measured(run: Run) -> None:
    write_json(run.facts_file, FACTS)
    app = opened(run, HOW)
    said = html(app)
    for words in ("bfloat16", "30 ms a step, against 57.1 ms", "channels last", "2.14.1", "the whole batch"):
        assert words in said
    assert "fresh weights" in said
    assert len(charts(app)) == CURVES + 1


def test_a_run_on_a_cluster_tells_of_the_node(run: Run) -> None:
    write_json(run.facts_file, {**FACTS, "node": "worker-3", "processes": 2})
    assert "worker-3" not in html(opened(run, HOW))  # it has gone on here since
    put_at(run, Place("head:6379", processes=2))
    said = html(opened(run, HOW))
    for words in (
        "on a Ray cluster, 2 processes together",
        "by the node worker-3",
        "a part of it in each process",
    ):
        assert words in said
    assert "cores" not in said  # of this machine


def test_float32_says_why_it_was_taken(run: Run) -> None:
    times = {"float32, channels last": 20.0, "bfloat16, channels last": 19.5}
    write_json(run.facts_file, {**FACTS, "precision": "float32", "milliseconds": times})
    assert "20 ms a step; bfloat16, at 19.5 ms, is not enough faster" in html(opened(run, HOW))
    config = run.config()
    run.write_config({**config, "training": {**config["training"], "precision": "float32"}})
    assert "The settings ask for it" in html(opened(run, HOW))


def test_a_full_memory_is_told_plainly(run: Run) -> None:
    write_json(run.facts_file, {**FACTS, "piece": 12})
    said = html(opened(run, HOW))
    assert "12 of 32" in said
    assert "the memory was full: a batch of 32 goes through in 3 pieces" in said


def test_few_pictures_are_no_full_memory(digits: Dataset, run: Run) -> None:
    pictures = len(current_split(digits).train)
    config = run.config()
    run.write_config({**config, "training": {**config["training"], "batch_size": 4096}})
    write_json(run.facts_file, {**FACTS, "piece": pictures})
    assert "all that there are to learn from" in html(opened(run, HOW))


@pytest.mark.parametrize(
    "facts", [{}, {"torch": "2.14.1"}, {"milliseconds": 7, "piece": "x", "precision": 1}]
)
def test_facts_may_be_missing_or_odd(run: Run, facts: dict) -> None:
    write_json(run.facts_file, facts)
    app = opened(run, HOW)
    assert len(charts(app)) == CURVES
    assert not app.error


def test_what_it_started_from_and_what_it_leaves_out(workspace: Workspace, digits: Dataset, run: Run) -> None:
    other = new_run(workspace, digits, "The <first>")
    config = {**run.config(), "starts_from": other.id, "without": ["a", "b"]}
    run.write_config(config)
    write_json(run.facts_file, {**FACTS, "started_from": "all 12 tensors"})
    said = html(opened(run, HOW))
    assert "The &lt;first&gt;" in said
    assert "all 12 tensors" in said
    assert "2 pictures" in said
    run.write_config({**config, "starts_from": "20260101-000000-gone-abcd"})
    assert "deleted since" in html(opened(run, HOW))


def test_what_is_kept_names_every_file_the_rule_and_tensorboard(run: Run) -> None:
    app = opened(run, KEPT)
    said = html(app)
    for name in ("best.pt", "last.pt", "snapshots/ (3 files)", "model.json", "tensorboard/ (1 file)"):
        assert name in said
    assert "the initial weights and those of every epoch" in texts(app)
    (code,) = app.code
    assert code.value == f"tensorboard --logdir {shlex.quote(str(run.folder / 'tensorboard'))}"


def test_what_is_kept_of_a_run_that_has_not_begun(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, digits, "New")
    run.write_status(Status(RunState.STOPPED))
    app = opened(run, KEPT)
    assert "config.json" in html(app)
    assert not app.code


def test_settings_name_the_data_set_and_the_source(workspace: Workspace, digits: Dataset, run: Run) -> None:
    other = new_run(workspace, digits, "Source")
    run.write_config({**run.config(), "starts_from": other.id})
    (table,) = opened(run, SETTINGS).dataframe
    assert table.value.loc["Data set"].tolist() == ["Digits"]
    assert table.value.loc["Starts from"].tolist() == ["Source"]
    assert table.value.loc["Precision"].tolist() == ["the faster, as measured"]


def test_the_log_is_there_and_first_where_a_run_failed_at_once(workspace: Workspace, digits: Dataset) -> None:
    run = new_run(workspace, digits, "Failed")
    run.write_status(Status(RunState.FAILED, message="It broke.", fix="Mend it."))
    run.log_file.write_text("the last words")
    (code,) = open_page("train/runs", run=run.id).code
    assert code.value == "the last words"


@pytest.mark.parametrize("part", [BEHIND, HOW, KEPT, SETTINGS, LOG])
def test_every_tab_stands_without_the_data_set(
    workspace: Workspace, digits: Dataset, run: Run, part: str
) -> None:
    delete_dataset(workspace, digits.id)
    write_json(run.facts_file, {**FACTS, "piece": 8})
    assert not opened(run, part).error
