"""In which numbers a frozen part computes fastest on this machine: measured once, then stored."""

import copy
import hashlib
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, fx, nn

from core.errors import ConfigError
from core.models.folding import folded
from core.records import from_json, to_json
from core.training.config import Precision
from core.training.measured import torch_version
from core.workspace import Workspace, read_json, write_json

SAMPLE = 4  # pictures
WORTH = 0.9  # of float32's time: bfloat16 has fewer digits, so it must need less than this
SIMILAR = 0.999  # least cosine between what a picture becomes in bfloat16 and in float32


@dataclass(frozen=True)
class FrozenNumbers:
    """The numbers chosen, and seconds a picture of each kind that works here."""

    precision: Precision
    seconds: dict[str, float]

    @property
    def seconds_a_picture(self) -> float | None:
        return self.seconds.get(self.precision)


def numbers_file(workspace: Workspace, backbone: str, trained: int, device: str) -> Path:
    """Where it is kept what was measured of a backbone without its last `trained` blocks."""
    machine = [platform.node(), platform.machine(), os.cpu_count(), device, torch_version()]
    digest = hashlib.sha256(json.dumps([*machine, backbone, trained]).encode()).hexdigest()[:24]
    return workspace.caches / "calibration" / f"frozen-{digest}.json"


def load_numbers(stored: Path) -> FrozenNumbers | None:
    """What was measured before; None if nothing was, or it can't be read."""
    try:
        return from_json(FrozenNumbers, read_json(stored))
    except (OSError, ValueError, ConfigError):
        return None


def numbers_of(prefix: nn.Module, pictures: Tensor, stored: Path, asked: Precision) -> FrozenNumbers:
    """What is `asked` for; for AUTO the faster, as stored, or measured with `pictures` (B, C, H, W) now.

    bfloat16 must also make the same of the pictures but for rounding. A processor without it isn't asked:
    it would only imitate it, at a fraction of the speed.
    """
    if asked is not Precision.AUTO:
        return FrozenNumbers(asked, {})
    if (known := load_numbers(stored)) is not None:
        return known
    if pictures.device.type == "cpu" and not _has_bfloat16():
        return FrozenNumbers(Precision.FLOAT32, {})
    long, seconds = _timed(in_numbers(prefix, Precision.FLOAT32), pictures)
    took, similar = {str(Precision.FLOAT32): seconds}, 0.0
    try:
        short, took[Precision.BFLOAT16] = _timed(in_numbers(prefix, Precision.BFLOAT16), pictures.bfloat16())
        similar = float(torch.cosine_similarity(long.double(), short.double()).min())
    except RuntimeError as failure:  # an operation that has no bfloat16 here
        print(f"bfloat16 doesn't work with this backbone: {failure}"[:500], flush=True)
    is_worth_it = similar >= SIMILAR and took[Precision.BFLOAT16] < WORTH * took[Precision.FLOAT32]
    numbers = FrozenNumbers(Precision.BFLOAT16 if is_worth_it else Precision.FLOAT32, took)
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_json(stored, to_json(numbers))
    return numbers


def in_numbers(prefix: nn.Module, precision: Precision) -> nn.Module:
    """A copy of `prefix` that only predicts, in these numbers and channels last."""
    prepared = copy.deepcopy(prefix).eval().requires_grad_(False)
    if isinstance(prepared, fx.GraphModule):
        prepared = folded(prepared)
    if precision is Precision.BFLOAT16:
        prepared = prepared.bfloat16()
    return prepared.to(memory_format=torch.channels_last)


def _has_bfloat16() -> bool:
    """Whether this processor may compute in bfloat16 itself; where it isn't x86, the measurement tells."""
    asked = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return bool(asked()) if asked is not None and is_x86 else True


def _timed(prefix: nn.Module, pictures: Tensor) -> tuple[Tensor, float]:
    """(B, N) of the pictures, and seconds a picture; a pass of one warms up."""
    with torch.inference_mode():
        prefix(pictures[:1]).sum().item()
        begun = time.perf_counter()
        rows = prefix(pictures).flatten(1).float().cpu()
        return rows, (time.perf_counter() - begun) / len(pictures)
