"""Checkpoints that appear whole or not at all, and hold nothing but tensors and plain types."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.errors import ModelFileError
from core.workspace import put_in_place


@dataclass(frozen=True)
class CheckpointFolder:
    """`last.pt` is all that is needed to go on; `best.pt` is the state dict to predict with."""

    folder: Path

    @property
    def last(self) -> Path:
        return self.folder / "last.pt"

    @property
    def best(self) -> Path:
        return self.folder / "best.pt"

    def save_last(self, state: dict[str, Any]) -> None:
        _save(state, self.last)

    def save_best(self, state_dict: dict[str, torch.Tensor]) -> None:
        _save(state_dict, self.best)

    def load_last(self) -> dict[str, Any] | None:
        """The state to go on from, on the CPU; None before the first finished epoch.

        Raises:
            ModelFileError: it is damaged, or not a checkpoint.
        """
        if not self.last.exists():
            return None
        state = load_tensors(self.last)
        if not (isinstance(state, dict) and state.keys() >= {"model", "optimizer", "history"}):
            raise not_of_this_run(self.last)
        return state

    def load_best(self) -> dict[str, torch.Tensor]:
        return load_tensors(self.best)


def load_tensors(path: Path) -> dict[str, Any]:
    """What `path` holds, on the CPU, read under `weights_only=True`: nothing in the file is executed.

    Raises:
        ModelFileError: it is missing, cut short, or not made of tensors and plain types.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelFileError(
            f"{path.name} is missing.", fix="The run has not finished an epoch yet, or the file was deleted."
        ) from None
    except Exception as damage:
        raise ModelFileError(
            f"{path.name} can't be read as tensors: it is damaged, or is not a state dict.",
            fix="Start a new run with the same settings.",
        ) from damage


def not_of_this_run(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path.name} is not a checkpoint of this network.",
        expected="what this run wrote after its last finished epoch",
        fix="Put the run's own file back, or start a new run with the same settings.",
    )


def _save(value: Any, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as file:  # so that a full disk is an OSError, and not only torch's words
            torch.save(value, file)
        put_in_place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
