"""In which numbers a backbone computes features fastest on this machine: measured once, then stored.

bfloat16 is taken where it is faster and the features stay the same but for rounding.
"""

import copy
import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Mapping
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

SAMPLE = 8  # pictures
WORTH = 0.9  # of float32's time: bfloat16 has fewer digits, so it must need less than this
SIMILAR = 0.999  # least cosine between the features of a picture in bfloat16 and in float32
ROUNDS = 3


@dataclass(frozen=True)
class Numbers:
    """`milliseconds` for `pictures` in each kind of numbers that works here, on a processor those of all its
    cores; `cosine` is the least between the two, None where bfloat16 does not work.
    """

    precision: Precision
    milliseconds: dict[str, float]
    pictures: int
    cosine: float | None = None


def numbers_file(workspace: Workspace, backbone_key: str, device: str) -> Path:
    """The file of what was measured for this backbone and device on this machine."""
    machine = [platform.node(), platform.machine(), os.cpu_count(), device, torch_version()]
    digest = hashlib.sha256(json.dumps([*machine, backbone_key]).encode()).hexdigest()[:24]
    return workspace.caches / "calibration" / f"features-{digest}.json"


def load_numbers(stored: Path) -> Numbers | None:
    """What was measured before; None if nothing was, or it can't be read."""
    try:
        return from_json(Numbers, read_json(stored))
    except (OSError, ValueError, ConfigError):
        return None


def measure_numbers(model: nn.Module, pictures: Tensor, stored: Path) -> Numbers:
    """Compute the features of `pictures` (B, 3, H, W) float32 both ways; keep and return what came out.

    `model` is float32 on the device of `pictures`.
    """
    ways = {Precision.FLOAT32: in_numbers(model, Precision.FLOAT32)}
    rows = {Precision.FLOAT32: features_of(ways[Precision.FLOAT32], pictures)}
    try:
        short = in_numbers(model, Precision.BFLOAT16)
        rows[Precision.BFLOAT16] = features_of(short, pictures.bfloat16())
        ways[Precision.BFLOAT16] = short
    except RuntimeError as failure:  # an operation that has no bfloat16 here
        print(f"bfloat16 doesn't work with this backbone: {failure}"[:500], flush=True)
    cosine = None
    if len(rows) > 1:
        one, other = (each.double() for each in rows.values())
        cosine = float(torch.cosine_similarity(one, other).min())
    milliseconds = {str(way): 1000 * took for way, took in _seconds(ways, pictures).items()}
    numbers = Numbers(_chosen(milliseconds, cosine), milliseconds, len(pictures), cosine)
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_json(stored, to_json(numbers))
    return numbers


def in_numbers(model: nn.Module, precision: Precision) -> nn.Module:
    """A copy of `model` in these numbers and channels last, batch norm folded where it can be traced."""
    model = copy.deepcopy(model)
    try:
        model = folded(fx.symbolic_trace(model).eval())
    except Exception as obstacle:  # a path that depends on the values; the model works as it is
        print(f"This backbone can't be traced: {obstacle}"[:300], flush=True)
    if precision is Precision.BFLOAT16:
        model = model.bfloat16()
    return model.to(memory_format=torch.channels_last)


def features_of(model: nn.Module, pictures: Tensor) -> Tensor:
    """float32 (B, N) on the processor."""
    with torch.inference_mode():
        return model(pictures).flatten(1).float().cpu()


def _chosen(milliseconds: dict[str, float], cosine: float | None) -> Precision:
    if cosine is None or not cosine >= SIMILAR:
        return Precision.FLOAT32
    faster = milliseconds[Precision.BFLOAT16] < WORTH * milliseconds[Precision.FLOAT32]
    return Precision.BFLOAT16 if faster else Precision.FLOAT32


def _seconds(ways: Mapping[Precision, nn.Module], pictures: Tensor) -> dict[Precision, float]:
    """The least that each takes in a few rounds, by turns: what else runs here disturbs all alike."""
    clock = time.process_time if pictures.device.type == "cpu" else time.perf_counter
    least = dict.fromkeys(ways, math.inf)
    for _ in range(ROUNDS):
        for way, model in ways.items():
            given = pictures.bfloat16() if way is Precision.BFLOAT16 else pictures
            begun = clock()
            features_of(model, given)
            least[way] = min(least[way], clock() - begun)
    return least
