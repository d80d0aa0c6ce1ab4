"""Checkpoints that appear whole or not at all, and hold nothing but tensors and plain types."""

import contextlib
import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.errors import ModelFileError
from core.training.snapshots import SnapshotRule, snapshot_rule
from core.workspace import put_in_place


@dataclass(frozen=True)
class CheckpointFolder:
    """`last.pt` is all that is needed to go on, `previous.pt` what it was before that, for the case that
    the disk damages it; `best.pt` is the state dict to predict with, `start.pt` the one to begin with.
    """

    folder: Path

    @property
    def last(self) -> Path:
        return self.folder / "last.pt"

    @property
    def previous(self) -> Path:
        return self.folder / "previous.pt"

    @property
    def best(self) -> Path:
        return self.folder / "best.pt"

    @property
    def start(self) -> Path:
        return self.folder / "start.pt"

    @property
    def damaged(self) -> Path:
        """A `last.pt` that couldn't be read: put aside, or it would become `previous.pt` at the next save."""
        return self.folder / "damaged.pt"

    def save_last(self, state: dict[str, Any]) -> None:
        """Keep `state` with a digest of it; the checkpoint before stays as `previous.pt`."""
        partial = _written({**state, "digest": digest(state)}, self.last)
        with contextlib.suppress(FileNotFoundError):
            put_in_place(self.last, self.previous)
        put_in_place(partial, self.last)

    def whole(self, state_dict: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What is to be kept of a network that trains, so that it can be used: all of it."""
        return state_dict

    def rule(self, epochs: int, size: int) -> SnapshotRule:
        """Which weights of single epochs are kept of a network of `size` bytes."""
        return snapshot_rule(epochs, size)

    def save_best(self, state_dict: dict[str, torch.Tensor]) -> None:
        put_in_place(_written(state_dict, self.best), self.best)

    def load_last(self) -> dict[str, Any] | None:
        """The state to go on from, on the CPU; None before the first checkpoint.

        Where `last.pt` is damaged, `previous.pt` takes its place, and `last.pt` is put aside.

        Raises:
            ModelFileError: none of them can be read, or it is not a checkpoint.
        """
        try:
            return _load_checkpoint(self.last) if self.last.exists() else _load_checkpoint(self.previous)
        except FileNotFoundError:
            return None
        except ModelFileError as damage:
            with contextlib.suppress(FileNotFoundError, ModelFileError):
                state = _load_checkpoint(self.previous)
                print(f"{damage.problem} Going on from previous.pt.", flush=True)
                with contextlib.suppress(OSError):
                    put_in_place(self.last, self.damaged)
                return state
            raise

    def load_best(self) -> dict[str, torch.Tensor]:
        return load_tensors(self.best)


def load_tensors(path: Path) -> dict[str, Any]:
    """What `path` holds, on the CPU, read under `weights_only=True`: nothing in the file is executed.

    Raises:
        ModelFileError: it is missing, cut short, or not made of tensors and plain types.
    """
    try:
        if zipfile.is_zipfile(path):  # as torch writes them, each tensor with its CRC-32, which torch ignores
            with zipfile.ZipFile(path) as archive:
                if (rotten := archive.testzip()) is not None:
                    raise zipfile.BadZipFile(f"{rotten} doesn't match its checksum")
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


def digest(state: Any) -> str:
    """SHA-256 of all names, plain values and tensors in `state`, whatever the layout of the tensors."""
    sha = hashlib.sha256()
    _feed(sha, state)
    return sha.hexdigest()


def save_tensors(value: Any, path: Path) -> None:
    """Write `value` to `path`, whole or not at all."""
    put_in_place(_written(value, path), path)


def _load_checkpoint(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(path)
    state = load_tensors(path)
    if not (isinstance(state, dict) and state.keys() >= {"model", "optimizer", "history"}):
        raise not_of_this_run(path)
    written = state.pop("digest", None)  # none in those of earlier versions
    if written is not None and written != digest(state):
        raise ModelFileError(
            f"{path.name} is damaged: its contents don't match the digest that was written with them.",
            fix="Start a new run with the same settings.",
        )
    return state


def _feed(sha: Any, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        sha.update(f"{value.dtype}{tuple(value.shape)}".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        sha.update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    elif isinstance(value, dict):
        for key, inner in value.items():
            sha.update(f"{key}:".encode())
            _feed(sha, inner)
    elif isinstance(value, list | tuple):
        sha.update(f"[{len(value)}]".encode())
        for inner in value:
            _feed(sha, inner)
    else:
        sha.update(f"{value!r};".encode())


def _written(value: Any, path: Path) -> Path:
    """A file beside `path` that holds `value` and is on the disk, also if the power fails now."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as file:  # so that a full disk is an OSError, and not only torch's words
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return temporary
