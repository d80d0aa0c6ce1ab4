"""Where measurements of how a network learns on this machine are kept. No torch."""

import hashlib
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.records import to_json
from core.training.config import CnnRunConfig
from core.workspace import Workspace


def measured_file(workspace: Workspace, config: CnnRunConfig, device: str) -> Path:
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
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:24]
    return workspace.caches / "calibration" / f"{key}.json"


def torch_version() -> str:
    """The installed version of torch; empty if there is none."""
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""
