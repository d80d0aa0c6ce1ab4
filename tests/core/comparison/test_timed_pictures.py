import numpy as np
import pytest

from core.comparison.timed_pictures import pictures_to_time
from core.data.dataset import Dataset, delete_dataset
from core.errors import ConfigError, DatasetError
from core.runs.picture_times import PICTURES
from core.runs.store import Run
from core.training.predictions import load_predictions
from core.workspace import Workspace


def test_some_test_pictures_spread_evenly(workspace: Workspace, digits: Dataset, run: Run) -> None:
    paths = pictures_to_time(workspace, run)
    test = [digits.path(digits.pictures[row]) for row in load_predictions(run.folder, "test").rows]
    assert len(test) > PICTURES
    assert PICTURES / 2 < len(paths) <= PICTURES
    places = [test.index(path) for path in paths]
    assert len(set(np.diff(places).tolist())) == 1


def test_validation_pictures_where_there_is_no_test(workspace: Workspace, digits: Dataset, run: Run) -> None:
    (run.folder / "predictions-test.npz").unlink()
    valid = load_predictions(run.folder, "valid").rows
    assert pictures_to_time(workspace, run)[0] == digits.path(digits.pictures[valid[0]])
    (run.folder / "predictions-valid.npz").unlink()
    with pytest.raises(ConfigError, match="no test pictures"):
        pictures_to_time(workspace, run)


def test_without_the_data_set_there_are_none(workspace: Workspace, digits: Dataset, run: Run) -> None:
    delete_dataset(workspace, digits.id)
    with pytest.raises(DatasetError, match="no data set"):
        pictures_to_time(workspace, run)
