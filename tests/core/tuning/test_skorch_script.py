"""The plain script of a search runs outside the app and gives the same scores."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.models.presets import PRESETS
from core.training.config import Optimizer, Schedule
from core.tuning.skorch_config import CrossValidationConfig, Search
from core.tuning.skorch_results import candidates_of
from core.tuning.skorch_script import search_script
from core.workspace import Workspace
from tests.core.tuning.test_skorch_search import search_on, searched
from tests.scripts import said_alone, said_here
from tests.threads import one_thread

__all__ = ["one_thread"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "training"),
    [
        (Search.RANDOM, {"optimizer": Optimizer.SGD, "schedule": Schedule.COSINE, "class_weights": True}),
        (Search.HALVING, {"epochs": 3, "schedule": Schedule.STEP, "gradient_clip": 0.5}),
    ],
)
def test_it_prints_the_scores_of_the_search(
    workspace: Workspace, digits: Dataset, tmp_path: Path, kind: Search, training: dict
) -> None:
    config = search_on(digits, kind, **training)
    best, fits = searched(workspace, config)
    said_by = said_alone if kind is Search.RANDOM else said_here
    said = said_by(search_script(config, digits, current_split(digits)), tmp_path / "plain")
    *lines, last = said.splitlines()
    assert best.items() <= ast.literal_eval(last.removeprefix("Best: ")).items()
    printed = sorted(
        tuple(map(float, re.findall(r"(\d+) epochs: (\d\.\d+) ± (\d\.\d+)", line)[0])) for line in lines
    )
    ours = sorted((each.epochs, each.mean, each.std) for each in candidates_of(fits))
    assert len(printed) == len(ours)
    for numbers, expected in zip(printed, ours, strict=True):
        assert numbers == pytest.approx(expected, abs=6e-3)  # a picture or two of 350


@pytest.mark.parametrize("kind", Search)
def test_any_settings_make_code(digits: Dataset, kind: Search) -> None:
    config = search_on(digits, kind)
    base = replace(config.base, augmentation=Augmentation(rotation=5.0), cnn=PRESETS["small-resnet"].config)
    parameters = {"lr": (0.1, 0.2), "module__kernel": (3,)} if kind is Search.GRID else {"lr": (0.1, 0.2)}
    every = CrossValidationConfig('A "name"\\', base, parameters, kind)
    code = search_script(every, digits, current_split(digits))
    compile(code, "search.py", "exec")
    assert "v2.RandomRotation" in code
    assert "OrderedDict" in code
