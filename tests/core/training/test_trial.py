from dataclasses import replace
from pathlib import Path

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.training.config import CnnRunConfig
from core.training.measured import calibration_file, load_calibration, load_trial, trial_file
from core.training.step import Learner
from core.training.trial import BATCHES, WARM_UP, run_trial
from core.workspace import Workspace
from tests.digits import small_run


def trial(config: CnnRunConfig, folder: Path):
    return run_trial(config, "cpu", piece=32, calibration=folder / "c.json", stored=folder / "t.json")


def test_a_trial_measures_and_is_kept(digits: Dataset, tmp_path: Path) -> None:
    measured = trial(small_run(digits), tmp_path)
    assert load_trial(tmp_path / "t.json") == measured
    assert measured.seconds_a_picture > 0
    assert measured.validation_seconds_a_picture > 0
    assert measured.memory is None or measured.memory > 50_000_000
    calibration = load_calibration(tmp_path / "c.json")
    assert calibration is not None
    assert calibration.execution == measured.execution


def test_it_learns_from_ten_batches_after_a_warm_up(digits: Dataset, tmp_path: Path, monkeypatch) -> None:
    seen = []

    plain = Learner.step
    monkeypatch.setattr(
        "core.training.trial.Learner.step",
        lambda self, batch, sums, watch: (seen.append(len(batch.labels)), plain(self, batch, sums, watch)),
    )
    trial(small_run(digits, batch_size=8), tmp_path)
    calibrating = len(seen) - (WARM_UP + BATCHES)
    assert calibrating > 0
    assert seen[calibrating:] == [8] * (WARM_UP + BATCHES)


def test_augmentation_decides_a_trial_but_not_the_calibration(workspace: Workspace, digits: Dataset) -> None:
    plain = small_run(digits)
    changed = replace(plain, augmentation=Augmentation(rotation=30))
    longer = small_run(digits, epochs=9, seed=3)
    trials = [trial_file(workspace, config, "cpu") for config in (plain, changed, longer)]
    calibrations = [calibration_file(workspace, config, "cpu") for config in (plain, changed, longer)]
    assert trials[0] == trials[2] != trials[1]
    assert len(set(calibrations)) == 1
    assert calibration_file(workspace, small_run(digits, batch_size=8), "cpu") not in calibrations
