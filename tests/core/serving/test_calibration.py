import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.comparison.scores import calibration_error, log_loss
from core.runs.store import Run
from core.serving.calibration import (
    CALIBRATION_FILE,
    calibrated,
    calibration_of,
    fit_temperature,
    supported_temperature,
)
from core.serving.prediction import load_predictor
from core.training.config import Loss
from core.training.objective import probabilities
from core.training.predictions import load_predictions, save_predictions
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_calibrated_equals_the_softmax_of_divided_logits(temperature: float) -> None:
    logits = 4 * torch.randn(50, 7)
    expected = F.softmax(logits / temperature, 1).numpy()
    found = calibrated(F.softmax(logits, 1).numpy(), temperature)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_calibrated_equals_the_sigmoid_of_a_divided_single_logit_also_of_a_large_one(
    temperature: float,
) -> None:
    logits = torch.tensor([[-40.0], [-17.0], [-1.0], [0.0], [2.0], [18.0], [60.0]])
    found = calibrated(probabilities(logits, Loss.SINGLE_LOGIT).numpy(), temperature)
    assert found[:, 1] == pytest.approx(torch.sigmoid(logits[:, 0] / temperature).numpy(), abs=1e-6)


def drawn(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Class indices (N,) drawn from softmax(logits / temperature)."""
    shares = F.softmax(torch.from_numpy(logits / temperature), 1)
    return torch.multinomial(shares, 1).squeeze(1).numpy()


@pytest.mark.parametrize("truth", [0.6, 1.0, 2.0])
def test_the_fit_finds_the_temperature_that_the_labels_were_drawn_with(truth: float) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (20_000, 5))
    found = fit_temperature(F.softmax(torch.from_numpy(logits), 1).numpy(), drawn(logits, truth))
    assert found == pytest.approx(truth, rel=0.03)


def test_few_or_faultless_pictures_leave_the_temperature_near_1() -> None:
    shares = np.tile([[0.99, 0.01]], (20, 1))
    assert 0.4 < fit_temperature(shares, np.zeros(20, int)) < 1
    assert 1 < fit_temperature(shares[:1], np.array([1])) < 3


def test_a_temperature_needs_pictures_that_speak_for_it() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (2_000, 5))
    shares = F.softmax(torch.from_numpy(logits), 1).numpy()
    cold = drawn(logits, 0.6)
    assert supported_temperature(shares, cold) == fit_temperature(shares, cold)
    chosen = [supported_temperature(shares, drawn(logits, 1.0)) for _ in range(100)]
    assert 90 <= chosen.count(1.0) <= 99  # one in twenty by chance


def test_no_answer_changes_and_zeros_stay_finite() -> None:
    shares = np.array([[1, 0, 0], [0.2, 0.5, 0.3]], np.float32)
    found = calibrated(shares, 4)
    assert np.isfinite(found).all()
    assert found.argmax(1).tolist() == [0, 1]
    assert found.sum(1) == pytest.approx(1)


def test_it_is_kept_and_fitted_anew_once_the_weights_or_predictions_change(run: Run) -> None:
    first = calibration_of(run)
    assert first is not None
    valid = load_predictions(run.folder, "valid")
    assert first.temperature == fit_temperature(valid.probabilities, valid.targets)
    assert first.pictures == len(valid.targets)
    assert load_predictor(run).temperature == first.temperature
    (run.folder / CALIBRATION_FILE).write_text("{")
    assert calibration_of(run) == first
    save_predictions(run.folder, "valid", valid.rows, (valid.targets + 1) % 10, valid.probabilities)
    assert calibration_of(run).temperature > first.temperature
    kept = (run.folder / CALIBRATION_FILE).read_text()
    os.utime(run.folder / "best.pt", (1, 1))
    again = calibration_of(run)
    assert replace(again, written=()) == replace(calibration_of(run), written=())
    assert (run.folder / CALIBRATION_FILE).read_text() != kept


def test_a_run_without_validation_predictions_has_none(run: Run) -> None:
    (run.folder / "predictions-valid.npz").unlink()
    assert calibration_of(run) is None
    assert load_predictor(run).temperature == 1


def test_where_nothing_can_be_written_it_is_fitted_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, value: object) -> None:
        raise OSError(28, "No space left on device")

    expected = calibration_of(run)
    (run.folder / CALIBRATION_FILE).unlink()
    monkeypatch.setattr("core.serving.calibration.write_json", full)
    assert calibration_of(run) == expected
    assert load_predictor(run).temperature == expected.temperature


def test_damaged_predictions_leave_the_model_usable(run: Run) -> None:
    (run.folder / "predictions-valid.npz").write_bytes(b"no")
    assert load_predictor(run).temperature == 1


def test_test_pictures_of_a_real_run_are_no_worse_calibrated_than_before(run: Run) -> None:
    test, temperature = load_predictions(run.folder, "test"), calibration_of(run).temperature
    after = calibrated(test.probabilities, temperature)
    assert calibration_error(after, test.targets) < calibration_error(test.probabilities, test.targets)
    assert log_loss(after, test.targets) < log_loss(test.probabilities, test.targets)
