"""What was measured of how a network learns on this machine, and where it is kept. No torch."""

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.errors import ConfigError
from core.records import from_json, to_json
from core.training.config import CnnRunConfig
from core.training.execution import Execution
from core.workspace import Workspace, read_json


@dataclass(frozen=True)
class Calibration:
    """The execution chosen, and what each candidate took: milliseconds a step of so many pictures."""

    execution: Execution
    milliseconds: dict[str, float]
    pictures: int


@dataclass(frozen=True)
class Trial:
    """Ten batches of a training: seconds a picture, learning and validating, and the most bytes held.

    `memory` is that of the process, or of the GPU where one trains.
    """

    execution: Execution
    seconds_a_picture: float
    validation_seconds_a_picture: float
    memory: int | None


def calibration_file(workspace: Workspace, config: CnnRunConfig, device: str) -> Path:
    """The file of the calibration for this network, batch and device on this machine."""
    training = config.training
    decides = {
        "machine": [platform.node(), platform.machine(), os.cpu_count(), device, torch_version()],
        "network": [to_json(config.cnn), config.preprocessing.shape, config.outputs],
        "step": [
            training.batch_size,
            training.optimizer,
            training.precision,
            training.deterministic,
            training.compiled,
        ],
    }
    return workspace.caches / "calibration" / f"{_key(decides)}.json"


def trial_file(workspace: Workspace, config: CnnRunConfig, device: str) -> Path:
    """The file of the trial: as the calibration's, for each kind of augmentation."""
    calibration = calibration_file(workspace, config, device)
    return calibration.with_stem(f"{calibration.stem}-{_key(to_json(config.augmentation))}")


def load_calibration(stored: Path) -> Calibration | None:
    """What was measured before; None if nothing was, or it can't be read."""
    try:
        return from_json(Calibration, read_json(stored))
    except (OSError, ValueError, ConfigError):
        return None


def load_trial(stored: Path) -> Trial | None:
    """The trial made before; None if there was none, or it can't be read."""
    try:
        return from_json(Trial, read_json(stored))
    except (OSError, ValueError, ConfigError):
        return None


def torch_version() -> str:
    """The installed version of torch; empty if there is none."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def _key(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]
