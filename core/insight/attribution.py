"""Why a network gives a class to a picture: four methods that tell which pixels mattered."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np
from torch import Tensor, nn

from core.data.parallel import Progress, StopCheck, never
from core.errors import Cancelled, InsightError
from core.insight.baseline import Baseline, baseline_picture
from core.insight.grad_cam import grad_cam
from core.insight.guided import Guided, guided_backpropagation
from core.insight.integrated import integrated_gradients
from core.insight.occlusion import occlusion, windows_of
from core.limits import check_range

ROUNDING = 1e-6  # of the largest value: what float32 can't tell from 0


class Method(StrEnum):
    GRAD_CAM = "Grad-CAM"
    GUIDED = "Guided backpropagation"
    INTEGRATED = "Integrated gradients"
    OCCLUSION = "Occlusion"


@dataclass(frozen=True)
class Settings:
    """What the methods can be told; each reads what is its own."""

    layer: str = ""  # of Grad-CAM: a name of grad_cam_layers
    baseline: Baseline = Baseline.BLACK  # where integrated gradients start
    steps: int = 50  # from there to the picture
    cover: Baseline = Baseline.GREY  # what occlusion covers with
    window: int | None = None  # its side in pixels; None is an eighth of the picture's smaller side
    stride: int | None = None  # from window to window in pixels; None is half a window
    black: tuple[float, ...] = (0.0,)  # baseline.black_of the network

    def __post_init__(self) -> None:
        check_range("number of steps", self.steps, 1, 1000)


@dataclass(frozen=True)
class Attribution:
    """What speaks for class `target` in a picture: `values`, float32 (H, W) at the network's input size.

    They are raw numbers in units of the score, or of its gradient. `score` is the class's, before softmax.
    """

    method: Method
    target: int
    values: np.ndarray
    score: float
    coarse: np.ndarray | None = None  # Grad-CAM: the map (h, w) before its negative values were cut off
    baseline_score: float | None = None  # integrated gradients
    gap: float | None = None  # integrated gradients: the sum of the values - (score - baseline_score)
    note: str = ""  # what is to be known of the method on this network

    @property
    def low(self) -> float:
        return float(self.values.min())

    @property
    def high(self) -> float:
        return float(self.values.max())

    @property
    def is_empty(self) -> bool:
        """Nothing to be shown: no place speaks for the class in Grad-CAM, or no pixel matters at all."""
        raw = self.values if self.coarse is None else self.coarse
        largest = float(np.abs(raw).max())
        if self.coarse is None:
            return largest == 0
        return float(raw.max()) <= ROUNDING * largest


def attribute(
    model: nn.Module,
    x: Tensor,
    target: int,
    method: Method,
    settings: Settings,
    *,
    single_logit: bool,
    should_stop: StopCheck = never,
    on_progress: Progress = lambda done, total, what: None,
) -> Attribution:
    """What in the picture `x`, float32 (1, C, H, W) as it enters the network, speaks for class `target`.

    The network is explained in eval mode, and `model` itself is left alone: others can use it meanwhile.
    `on_progress(done, total, what)` tells of the two methods that take many passes.

    Raises:
        Cancelled: `should_stop` said so.
        InsightError: the method can't be shown on this network.
        ConfigError: a setting doesn't fit the picture, or there is no such class.
    """
    if should_stop():
        raise Cancelled
    match method:
        case Method.GRAD_CAM:
            cam = grad_cam(model, x, target, settings.layer, single_logit=single_logit)
            found = Attribution(method, target, cam.values, cam.score, coarse=cam.coarse)
        case Method.GUIDED:
            guided = guided_backpropagation(model, x, target, single_logit=single_logit)
            found = Attribution(method, target, guided.values, guided.score, note=_unguided(guided))
        case Method.INTEGRATED:
            integrated = integrated_gradients(
                model,
                x,
                target,
                baseline_picture(x, settings.baseline, settings.black),
                settings.steps,
                single_logit=single_logit,
                should_stop=should_stop,
                on_progress=on_progress,
            )
            found = Attribution(
                method,
                target,
                integrated.values,
                integrated.score,
                baseline_score=integrated.baseline_score,
                gap=integrated.gap,
            )
        case Method.OCCLUSION:
            occluded = occlusion(
                model,
                x,
                target,
                baseline_picture(x, settings.cover, settings.black),
                windows_of(x.shape[2], x.shape[3], settings.window, settings.stride),
                single_logit=single_logit,
                should_stop=should_stop,
                on_progress=on_progress,
            )
            found = Attribution(method, target, occluded.values, occluded.score)
    if not (isfinite(found.score) and np.isfinite(found.values).all()):
        raise InsightError(
            "The network's numbers for this picture are not finite, so there is nothing to explain.",
            expected="finite numbers",
            found=f"a score of {found.score:g}",
            fix="Its training went astray: train it again with a lower learning rate.",
        )
    return found


def _unguided(guided: Guided) -> str:
    names = " and ".join(guided.others)
    if not guided.relus:
        return "This network has no ReLU to guide the gradient at: what is shown is the plain gradient."
    if names:
        return f"The gradient is guided at the ReLUs only; {names} pass it on as it is."
    return ""
