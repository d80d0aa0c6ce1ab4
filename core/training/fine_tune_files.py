"""What a fine-tuning leaves on the disk besides what every training does."""

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from core.records import to_json
from core.training.checkpoint import CheckpointFolder
from core.training.fine_tune_config import FineTuneConfig
from core.training.frozen_numbers import numbers_file
from core.training.measured import torch_version
from core.training.snapshots import SnapshotRule, snapshot_rule
from core.workspace import Workspace


@dataclass(frozen=True)
class WholeCheckpoints(CheckpointFolder):
    """Checkpoints of a training that changes a part of `network`: what is kept to be used is all of it.

    Where only its head learns, weights of single epochs aren't kept: the rest would be the same in all.
    """

    network: nn.Module
    only_head: bool

    def whole(self, state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.network.state_dict()

    def rule(self, epochs: int, size: int) -> SnapshotRule:
        return SnapshotRule(None) if self.only_head else snapshot_rule(epochs, size)


def frozen_numbers_file(workspace: Workspace, config: FineTuneConfig, trained: int, device: str) -> Path:
    """The file of the numbers for this backbone without its last `trained` blocks."""
    return numbers_file(workspace, f"{config.backbone} without {trained}", device)


def fine_tune_trial_file(workspace: Workspace, config: FineTuneConfig, trained: int, device: str) -> Path:
    """The file of the trial: as the calibration's, with augmentation and without."""
    calibration = fine_tune_calibration_file(workspace, config, trained, device)
    return calibration.with_stem(
        calibration.stem.replace("tune-", f"tune-trial-{config.augmentation.is_off}-")
    )


def fine_tune_calibration_file(
    workspace: Workspace, config: FineTuneConfig, trained: int, device: str
) -> Path:
    """The file of the calibration for what trains of this backbone on this machine."""
    training = config.training
    decides = {
        "machine": [platform.node(), platform.machine(), os.cpu_count(), device, torch_version()],
        "network": [config.backbone, to_json(config.head), config.outputs, trained],
        "step": [training.batch_size, training.optimizer, training.precision, training.deterministic],
        "compiled": training.compiled,
    }
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:24]
    return workspace.caches / "calibration" / f"tune-{key}.json"
