import json

import pytest

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.store import RunState, Status, create_run
from core.tuning.forecast import forecast
from core.tuning.parameters import Choice
from core.tuning.space import Space
from core.tuning.study_config import Method, StudyConfig
from core.workspace import Workspace
from tests.core.tuning.bases import RATE
from tests.digits import small_run


def test_earlier_runs_tell_how_long_a_study_takes(workspace: Workspace, digits: Dataset) -> None:
    base = small_run(digits, epochs=4)
    config = StudyConfig("Study", base, RATE, method=Method.RANDOM, trials=10)
    unknown = forecast(workspace, config, 350, 75)
    assert (unknown.trials, unknown.seconds) == (10, None)
    run = create_run(workspace.runs, to_json(small_run(digits, epochs=2)), "Earlier")
    run.metrics_file.write_text("".join(json.dumps({"epoch": e, "seconds": 2.0}) + "\n" for e in (1, 2)))
    run.write_status(Status(RunState.FINISHED, started=100.0, finished=107.0))
    told = forecast(workspace, config, 350, 75)
    assert told.trial_seconds == pytest.approx(3 + 4 * 2)
    assert told.seconds == pytest.approx(10 * 11)
    assert forecast(workspace, StudyConfig("S", base, RATE, trials=10, at_once=2), 1, 1).seconds == 55
    assert forecast(workspace, StudyConfig("S", base, RATE, trials=10, minutes=1.0), 1, 1).seconds == 60


def test_a_grid_says_its_points(workspace: Workspace, digits: Dataset) -> None:
    space = Space((*RATE.parameters, Choice("batch_size", (16, 32))))
    grid = StudyConfig("Grid", small_run(digits), space, method=Method.GRID, trials=None)
    assert forecast(workspace, grid, 350, 75).trials == 6
