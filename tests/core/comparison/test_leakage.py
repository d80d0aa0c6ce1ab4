"""Test labels have no say in anything that is fitted: with others, every weight stays the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from core.comparison.routes import Route, RouteSettings, config_of
from core.data.dataset import PICTURES, Dataset, load_dataset
from core.data.splitting import current_split
from core.records import to_json
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.training.predictions import load_predictions
from core.workspace import Workspace, open_workspace
from tests.pages.runs import finished_run

SMALL = RouteSettings("squeezenet1_1", "random-0", epochs=1)


def with_other_test_labels(workspace: Workspace, dataset: Dataset, root: Path) -> tuple[Workspace, Dataset]:
    """The same data set elsewhere, but for the labels of its test pictures: each is moved on by one class."""
    shutil.copytree(workspace.root, root, ignore=shutil.ignore_patterns("runs"))
    other = open_workspace(root)
    file = other.datasets / dataset.id / PICTURES
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for index in current_split(dataset).test:
        place = dataset.classes.index(lines[index]["label"])
        lines[index]["label"] = dataset.classes[(place + 1) % len(dataset.classes)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return other, load_dataset(other, dataset.id)


def check_nothing_leaked(run: Run, other: Run) -> None:
    weights, others = (torch.load(each.folder / "best.pt", weights_only=True) for each in (run, other))
    assert weights.keys() == others.keys()
    for name, tensor in weights.items():
        assert torch.equal(tensor, others[name]), name
    before, after = load_predictions(run.folder, "test"), load_predictions(other.folder, "test")
    np.testing.assert_array_equal(before.probabilities, after.probabilities)
    assert (before.targets != after.targets).all()  # so the labels really were others


def test_of_a_cnn(workspace: Workspace, digits: Dataset, tmp_path: Path) -> None:
    other_workspace, other_digits = with_other_test_labels(workspace, digits, tmp_path / "other")
    precision = {"precision": "float32"}  # which is faster may be measured otherwise the second time
    run = finished_run(workspace, digits, **precision)
    check_nothing_leaked(run, finished_run(other_workspace, other_digits, **precision))


@pytest.mark.slow
@pytest.mark.parametrize("route", [Route.FEATURES, Route.HEAD, Route.LAST_BLOCK, Route.FULL])
def test_of_the_routes_by_a_backbone(few_digits: Dataset, tmp_path: Path, route: Route) -> None:
    """The other workspace takes over what the frozen part made of the pictures, which has no labels."""
    workspace = open_workspace(few_digits.folder.parents[1])

    def trained(where: Workspace, dataset: Dataset) -> Run:
        config = config_of(route, dataset, current_split(dataset), SMALL)
        run = create_run(where.runs, to_json(config), config.name)
        assert work(run) == 0, run.status().message
        return run

    run = trained(workspace, few_digits)
    other = with_other_test_labels(workspace, few_digits, tmp_path / "other")
    check_nothing_leaked(run, trained(*other))
