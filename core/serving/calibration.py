"""Probabilities that mean what they say: temperature scaling (Guo et al. 2017). No torch."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ConfigError, ModelFileError
from core.records import from_json, to_json
from core.runs.store import Run
from core.training.predictions import load_predictions
from core.workspace import read_json, write_json

CALIBRATION_FILE = "calibration.json"
COLDEST, HOTTEST = 0.1, 10.0  # temperatures
SPREAD = 0.5  # of ln T, as expected beforehand
HALVINGS = 40
SURE = 3.84  # of chi squared with one degree of freedom, at 5 %


@dataclass(frozen=True)
class Calibration:
    """Logits are divided by `temperature`: above 1 the model was too sure of itself, below 1 not sure enough.

    It was fitted on `pictures` validation pictures; `written` is when weights and predictions were.
    """

    temperature: float
    pictures: int
    written: tuple[int, int]


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / T) of (N, K), float32: the softmax of logits / T, for log p differs from the logits by
    the same amount in every class. That holds for the two probabilities of a single logit, too.
    """
    if temperature == 1:
        return probabilities
    scaled = _logarithms(probabilities) / temperature
    exponentials = np.exp(scaled - scaled.max(1, keepdims=True))
    return (exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32)


def fit_temperature(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The likeliest T for `probabilities` (N, K) of pictures whose classes are `targets` (N,).

    That is the one of least log loss, held near 1 where the pictures are few or the model makes no mistake on
    them: before any is seen, ln T counts as normal around 0 with deviation `SPREAD`. It is where the slope
    over ln T is 0, found by halving: ln T / SPREAD^2 - sum(E[log p] - log p of the true class) / T, with E
    over softmax(log p / T).
    """
    logits = _logarithms(probabilities)
    of_truth = logits[np.arange(len(targets)), targets]

    def slope(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        weights = np.exp(scaled - scaled.max(1, keepdims=True))
        expected = (weights * logits).sum(1) / weights.sum(1)
        return float(log_temperature / SPREAD**2 - (expected - of_truth).sum() / np.exp(log_temperature))

    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return float(np.exp((low + high) / 2))


def supported_temperature(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The T of `fit_temperature` where the pictures speak for it, else 1.

    They do where twice the gain in log likelihood over T = 1 is more than chance brings one time in twenty
    (Wilks 1938). Less would make the probabilities of other pictures worse about as often as better.
    """
    temperature = fit_temperature(probabilities, targets)
    truth = np.arange(len(targets)), targets
    before, after = (
        _logarithms(each)[truth] for each in (probabilities, calibrated(probabilities, temperature))
    )
    return temperature if 2 * (after - before).sum() > SURE else 1.0


def calibration_of(run: Run) -> Calibration | None:
    """The calibration of the best weights of `run`; None where it has no validation predictions.

    It is kept as `CALIBRATION_FILE` beside best.pt, and fitted anew once that or the predictions changed.
    Where it can't be kept, it is fitted each time.

    Raises:
        ModelFileError: the predictions are damaged.
    """
    file = run.folder / CALIBRATION_FILE
    written = written_of(run)
    with suppress(OSError, ValueError, ConfigError):  # not fitted yet, or damaged
        kept = from_json(Calibration, read_json(file))
        if kept.written == written:
            return kept
    predictions = load_predictions(run.folder, "valid")
    if predictions is None or not len(predictions.targets):
        return None
    temperature = supported_temperature(predictions.probabilities, predictions.targets)
    calibration = Calibration(temperature, len(predictions.targets), written)
    with suppress(OSError):
        write_json(file, to_json(calibration))
    return calibration


def temperature_of(run: Run) -> float:
    """What the logits of `run` are divided by: 1 where it has no validation predictions that can be read."""
    calibration = None
    with suppress(ModelFileError, OSError):
        calibration = calibration_of(run)
    return 1.0 if calibration is None else calibration.temperature


def written_of(run: Run) -> tuple[int, int]:
    """What changes when the calibrated answers may: when best.pt and the validation predictions were written,
    in ns; 0 where there are none.
    """
    return _written(run.folder / "best.pt"), _written(run.folder / "predictions-valid.npz")


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    """float64; a zero counts as the smallest number that float32 has in full precision."""
    return np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
