from dataclasses import replace
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.errors import ConfigError
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.records import to_json
from core.training.cnn_run import train_cnn
from core.training.config import CnnRunConfig, Optimizer, Precision
from core.training.estimate import Estimate, estimate_run
from core.training.execution import Execution
from core.training.measured import Trial, trial_file
from core.workspace import Workspace, write_json
from tests.digits import small_run


def estimate(workspace: Workspace, config: CnnRunConfig, dataset: Dataset) -> Estimate:
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)
    return estimate_run(workspace, config, network, dataset, current_split(dataset), "cpu")


@pytest.mark.parametrize(
    ("preset", "training"),
    [
        ("small-vgg", {"epochs": 3}),
        ("small-vgg", {"epochs": 2, "optimizer": Optimizer.SGD}),
        ("lenet-5", {"epochs": 19}),
        ("small-resnet", {"epochs": 2}),
    ],
)
def test_the_disk_is_as_estimated(
    workspace: Workspace, few_digits: Dataset, tmp_path: Path, preset: str, training: dict
) -> None:
    """Within a quarter, as files and decoded pictures lie there afterwards."""
    chosen = PRESETS[preset]
    small = replace(small_run(few_digits, **training).preprocessing, height=32, width=32)
    config = replace(small_run(few_digits, **training), cnn=chosen.config, preprocessing=small)
    expected = estimate(workspace, config, few_digits)
    assert expected.cache > 0
    folder = tmp_path / "run"
    folder.mkdir()
    train_cnn(workspace, config, folder)
    files = [*folder.rglob("*"), *(workspace.caches / "pixels").iterdir()]
    taken = sum(path.stat().st_size for path in files if path.is_file())
    # The worker's log and curves are not among these files.
    assert taken == pytest.approx(expected.disk - 60_000, rel=0.25)
    assert estimate(workspace, config, few_digits).cache == 0


def test_time_and_memory_are_those_of_a_trial_where_there_is_one(
    workspace: Workspace, digits: Dataset
) -> None:
    config = small_run(digits, epochs=4)
    before = estimate(workspace, config, digits)
    assert not before.is_measured
    assert before.epoch_seconds is None
    path = trial_file(workspace, config, "cpu")
    path.parent.mkdir(parents=True, exist_ok=True)
    execution = Execution("cpu", Precision.FLOAT32, True, 2, 16)
    write_json(path, to_json(Trial(execution, 0.01, 0.002, 700_000_000)))
    after = estimate(workspace, config, digits)
    split = current_split(digits)
    assert after.is_measured
    assert after.epoch_seconds == pytest.approx(0.01 * len(split.train) + 0.002 * len(split.valid))
    assert after.run_seconds == pytest.approx(4 * after.epoch_seconds)
    assert (after.memory, after.piece) == (700_000_000, 16)
    assert not estimate(workspace, small_run(digits, batch_size=64), digits).is_measured
    path.write_text("{}")
    assert estimate(workspace, config, digits) == before


def test_a_run_that_the_disk_can_t_hold_says_so(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.estimate.free_disk", lambda folder: 50_000)
    with pytest.raises(ConfigError, match=r"doesn't fit onto the disk.*Free some space"):
        estimate(workspace, small_run(digits), digits)


def test_a_run_that_the_memory_can_t_hold_says_so(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.memory.free_memory", lambda: 100_000_000)
    with pytest.raises(ConfigError, match="doesn't fit into the memory"):
        estimate(workspace, small_run(digits), digits)
