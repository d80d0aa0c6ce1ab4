"""In which numbers a frozen network computes fastest on this machine: measured once, then stored.

bfloat16 is taken where it is faster and what comes out stays the same but for rounding.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import ConfigError
from core.records import from_json, to_json
from core.training.config import Precision
from core.training.frozen_pass import PART, outputs_of, prepared
from core.training.measured import torch_version
from core.workspace import Workspace, read_json, write_json

SAMPLE = 2 * PART  # pictures, which at least two cores share
WORTH = 0.9  # of float32's time: bfloat16 has fewer digits, so it must need less than this
SIMILAR = 0.999  # least cosine between what a picture becomes in bfloat16 and in float32


@dataclass(frozen=True)
class Numbers:
    """`milliseconds` for `pictures` in each kind of numbers that works here, on a processor those of a core;
    `cosine` is the least between the two, None where bfloat16 does not work.
    """

    precision: Precision
    milliseconds: dict[str, float]
    pictures: int
    cosine: float | None = None

    def seconds_a_picture(self, precision: Precision) -> float | None:
        """None where that was not measured."""
        took = self.milliseconds.get(precision)
        return None if took is None else took / 1000 / self.pictures


def numbers_file(workspace: Workspace, network: str, device: str) -> Path:
    """The file of what was measured for the network of that key and device on this machine."""
    machine = [platform.node(), platform.machine(), os.cpu_count(), device, torch_version()]
    digest = hashlib.sha256(json.dumps([*machine, network]).encode()).hexdigest()[:24]
    return workspace.caches / "calibration" / f"numbers-{digest}.json"


def load_numbers(stored: Path) -> Numbers | None:
    """What was measured before; None if nothing was, or it can't be read."""
    try:
        return from_json(Numbers, read_json(stored))
    except (OSError, ValueError, ConfigError):
        return None


def measure_numbers(model: nn.Module, pictures: Tensor, stored: Path) -> Numbers:
    """Run `pictures` (B, C, H, W) float32 through `model` both ways; keep and return what came out.

    `model` is float32 on the device of `pictures`. A processor without bfloat16 isn't asked for it: it would
    only imitate it, at a fraction of the speed.
    """
    ways = {Precision.FLOAT32: prepared(model, Precision.FLOAT32)}
    rows = {Precision.FLOAT32: _rows(ways[Precision.FLOAT32], pictures)}
    if pictures.device.type != "cpu" or _has_bfloat16():
        try:
            short = prepared(model, Precision.BFLOAT16)
            rows[Precision.BFLOAT16] = _rows(short, pictures.bfloat16())
            ways[Precision.BFLOAT16] = short
        except RuntimeError as failure:  # an operation that has no bfloat16 here
            print(f"bfloat16 doesn't work with this network: {failure}"[:500], flush=True)
    cosine = None
    if len(rows) > 1:
        one, other = (each.double() for each in rows.values())
        cosine = float(torch.cosine_similarity(one, other).min())
    milliseconds = {str(way): 1000 * took for way, took in _seconds(ways, pictures).items()}
    numbers = Numbers(_chosen(milliseconds, cosine), milliseconds, len(pictures), cosine)
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_json(stored, to_json(numbers))
    return numbers


def _has_bfloat16() -> bool:
    """Whether this processor may compute in bfloat16 itself; where it isn't x86, the measurement tells."""
    asked = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return bool(asked()) if asked is not None and is_x86 else True


def _rows(model: nn.Module, pictures: Tensor) -> Tensor:
    """float32 (B, N) on the processor."""
    return outputs_of(model, pictures).flatten(1).float().cpu()


def _chosen(milliseconds: Mapping[str, float], cosine: float | None) -> Precision:
    if cosine is None or not cosine >= SIMILAR:
        return Precision.FLOAT32
    faster = milliseconds[Precision.BFLOAT16] < WORTH * milliseconds[Precision.FLOAT32]
    return Precision.BFLOAT16 if faster else Precision.FLOAT32


def _seconds(ways: Mapping[Precision, nn.Module], pictures: Tensor) -> dict[Precision, float]:
    """What each takes when warm; on a processor seconds of a core, which other work doesn't lengthen."""
    is_cpu = pictures.device.type == "cpu"
    clock, cores = (time.process_time, torch.get_num_threads()) if is_cpu else (time.perf_counter, 1)
    took = {}
    for way, model in ways.items():
        given = pictures.bfloat16() if way is Precision.BFLOAT16 else pictures
        begun = clock()
        _rows(model, given)
        took[way] = (clock() - begun) / cores
    return took
