"""All that a training needs to go on from any batch as if nothing had happened."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.records import from_json, to_json
from core.training.batches import epoch_seed
from core.training.checkpoint import not_of_this_run
from core.training.execution import Execution
from core.training.history import EpochRecord
from core.training.step import new_sums
from core.training.together import place

APART = 1_000_000_007  # between the seeds of processes that train together


@dataclass
class EpochState:
    """An epoch under way: the batches done, their sums, and the seconds they took."""

    epoch: int
    sums: Tensor
    batch: int = 0
    seen: int = 0  # pictures
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)


@dataclass
class Position:
    """Where a training stands: its finished epochs, and the one under way, if there is one."""

    history: list[EpochRecord]
    under_way: EpochState | None = None


def begin_epoch(epoch: int, seed: int, device: torch.device) -> EpochState:
    """Before the first batch of `epoch`: what is random in it starts from its own seed."""
    torch.manual_seed(epoch_seed(seed, epoch) + APART * place()[0])
    return EpochState(epoch, new_sums(device))


def state_of(
    position: Position, model: nn.Module, optimizer: torch.optim.Optimizer, execution: Execution
) -> dict[str, Any]:
    """Tensors and plain values: weights, optimizer, finished epochs, the epoch under way, random states."""
    state: dict[str, Any] = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": [asdict(record) for record in position.history],
        "execution": to_json(execution),
    }
    if (under_way := position.under_way) is not None:
        plain = {name: value for name, value in vars(under_way).items() if name != "sums"}
        state["under_way"] = {**plain, "sums": under_way.sums.cpu()}
        state["random"] = _random_states(under_way.sums.device)
    return state


def restore(
    state: dict[str, Any],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
    path: Path,
) -> Position:
    """Put `state`, read from `path`, into model, optimizer and random generators.

    Raises:
        ModelFileError: it belongs to another network.
    """
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        position = Position(history_of(state, path))
        if "under_way" in state:
            under_way = EpochState(**state["under_way"])
            position.under_way = replace(under_way, sums=under_way.sums.to(new_sums(device)))
            _set_random_states(state["random"], device)
    except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as mismatch:
        raise not_of_this_run(path) from mismatch
    return position


def history_of(state: dict[str, Any] | None, path: Path) -> list[EpochRecord]:
    """The finished epochs in `state`, read from `path`; none where there is no state.

    Raises:
        ModelFileError: they are not what a training writes.
    """
    try:
        return [EpochRecord(**past) for past in state["history"]] if state else []
    except TypeError as mismatch:
        raise not_of_this_run(path) from mismatch


def saved_execution(state: dict[str, Any] | None, device: str) -> Execution | None:
    """The execution that `state` was made with, if it was on a device of the same kind."""
    if state is None or "execution" not in state:
        return None
    execution = from_json(Execution, state["execution"])
    same_kind = execution.device.split(":")[0] == device.split(":")[0]
    return replace(execution, device=device) if same_kind else None


def _random_states(device: torch.device) -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_random_states(states: dict[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
