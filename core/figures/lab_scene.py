"""The convolution lab's drawing as JSON: maps with their values, and the windows between them."""

from base64 import b64encode
from typing import Any

import numpy as np

from core.filtering.borders import Axis, axis
from core.filtering.correlation import Filtered
from core.filtering.kernels import Kernel
from core.filtering.pooling import Pooled
from core.filtering.strip import Strip

Scene = dict[str, Any]
WHITE, MOSTLY = 255, 0.9
PICTURE, SIGNED = "picture", "signed"  # grey or colours from 0 to 255; two colours around 0


def convolution_scene(picture: np.ndarray, filtered: Filtered, *, turned: bool, note: str) -> Scene:
    """Picture uint8 (C, H, W), kernel, and output side by side; `note` stands below."""
    output = filtered.output
    look = look_of(output, filtered.kernel)
    return {
        "kind": "convolution",
        "maps": [
            _picture(picture),
            _step("Output", "output", "sum", 0, output, filtered.rows, filtered.columns, look, _top(output)),
        ],
        "drivers": [1],
        "lens": [1],
        "kernel": _kernel(filtered, turned=turned),
        "note": note,
    }


def pooling_scene(picture: np.ndarray, pooled: Pooled, *, kept: str) -> Scene:
    """Picture uint8 (1, H, W) beside its largest and its mean values; `kept` tells what max pooling keeps."""
    window = pooled.rows, pooled.columns, PICTURE, 255.0
    return {
        "kind": "pooling",
        "maps": [
            {**_picture(picture), "won": _encoded(pooled.won[0])},
            _step("Max", "max", "max", 0, pooled.largest, *window),
            _step("Average", "average", "mean", 0, pooled.mean, *window),
        ],
        "drivers": [1, 2],
        "lens": [1],
        "lensPools": [1, 2],
        "kept": kept,
    }


def strip_scene(picture: np.ndarray, strip: Strip, *, largest: bool) -> Scene:
    """Picture, convolution, ReLU and one kind of pooling in a row, all outputs on one scale."""
    filtered, pooled = strip.filtered, strip.pooled
    look, top = look_of(filtered.output, filtered.kernel), _top(filtered.output)
    height, width = strip.rectified.shape[1:]
    one = axis(height, 1), axis(width, 1)
    last = pooled.largest if largest else pooled.mean
    name, step = ("Max pool", "max") if largest else ("Average pool", "mean")
    return {
        "kind": "strip",
        "maps": [
            _picture(picture),
            _step(
                "Convolution", "conv", "sum", 0, filtered.output, filtered.rows, filtered.columns, look, top
            ),
            _step("ReLU", "relu", "relu", 1, strip.rectified, *one, look, top),
            _step(name, "pool", step, 2, last, pooled.rows, pooled.columns, look, top),
        ],
        "drivers": [3],
        "lens": [1, 3],
        "lensPools": [3],
        "kernel": _kernel(filtered, turned=False),
    }


def look_of(output: np.ndarray, kernel: Kernel) -> str:
    """A picture where the weights add up to about 1 and the outputs are, or nearly are, grey values."""
    within = ((output >= 0) & (output <= WHITE)).mean() >= MOSTLY
    near = output.min() > -WHITE and output.max() < 2 * WHITE
    return PICTURE if kernel.values.sum() > 0.5 and within and near else SIGNED


def _picture(picture: np.ndarray) -> Scene:
    return {
        "name": "Input",
        "symbol": "input",
        "from": None,
        "shape": picture.shape,
        "kind": "bytes",
        "values": _encoded(picture),
        "look": PICTURE,
        "low": int(picture.min()),
        "high": int(picture.max()),
    }


def _step(
    name: str,
    symbol: str,
    step: str,
    origin: int,
    values: np.ndarray,
    rows: Axis,
    columns: Axis,
    look: str,
    scale: float,
) -> Scene:
    return {
        "name": name,
        "symbol": symbol,
        "step": step,
        "from": origin,
        "shape": values.shape,
        "kind": "floats",
        "values": _encoded(values.astype("<f4")),
        "rows": _window(rows),
        "columns": _window(columns),
        "look": look,
        "scale": scale,
        "low": float(values.min()),
        "high": float(values.max()),
    }


def _window(moved: Axis) -> Scene:
    return {
        "kernel": moved.kernel,
        "stride": moved.stride,
        "dilation": moved.dilation,
        "source": moved.source.tolist(),
    }


def _kernel(filtered: Filtered, *, turned: bool) -> Scene:
    slid = filtered.kernel
    return {
        "weights": slid.weights.tolist(),
        "divisor": slid.divisor,
        "bias": filtered.bias,
        "turned": turned,
    }


def _top(output: np.ndarray) -> float:
    return float(abs(output).max()) or 1.0


def _encoded(values: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(values).tobytes()).decode()
