"""The preprocessing inside an ONNX file makes Pillow's pixels."""

import random
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.data.receives import Receives
from core.models.backbone_preprocessing import BackbonePreprocessing, Interpolation
from core.models.saved_model import HeadConfig, Saved, SavedFineTuned
from core.serving.export import onnx_file
from core.serving.export.onnx_file import fits, write_onnx
from core.serving.export.whole_network import WholeNetwork

pytestmark = pytest.mark.slow


RECEIVES: tuple[Receives, ...] = (
    Preprocessing.of((24, 33), ColorMode.GREY, resize=Resize.CROP),
    Preprocessing.of((24, 33), ColorMode.RGB, resize=Resize.PAD),
    BackbonePreprocessing(40, 32, (0.5,) * 3, (0.5,) * 3, Interpolation.BICUBIC),
)


class Pixels(WholeNetwork):
    """Puts out what networks would receive, one behind the other."""

    def __init__(self) -> None:
        super().__init__(nn.Identity(), saved_with(RECEIVES[0]), 1.0)
        networks = (WholeNetwork(nn.Identity(), saved_with(receives), 1.0) for receives in RECEIVES)
        self.networks = nn.ModuleList(networks)

    def forward(self, picture: Tensor) -> Tensor:
        made = (network.pixels(picture) for network in self.networks)
        return torch.cat([pixels.permute(0, 2, 3, 1).flatten(1) for pixels in made], 1)


def saved_with(receives: Receives) -> Saved:
    return SavedFineTuned("efficientnet_lite0", HeadConfig(), receives, ("a", "b"), False)


def expected_of(picture: np.ndarray) -> np.ndarray:
    """The same by Pillow."""
    return np.concatenate([receives.pixels(Image.fromarray(picture)).ravel() for receives in RECEIVES])


def sizes() -> list[tuple[int, int]]:
    """(height, width): odd, tiny, those where Pillow has nothing or one side to do, and one so long that only
    its middle is resized."""
    draw = random.Random(0)
    some = [(draw.randint(1, 260), draw.randint(1, 260)) for _ in range(20)]
    return [
        *some,
        (24, 33),
        (24, 90),
        (70, 33),
        (1, 1),
        (2, 1500),
        (1500, 3),
        (48, 66),
        (40, 40),
        (12, 12),
        (2, 40_000),
    ]


def test_every_pixel_is_pillows(tmp_path: Path) -> None:
    write_onnx(Pixels(), tmp_path / "pixels.onnx", {})
    session = onnxruntime.InferenceSession(tmp_path / "pixels.onnx")
    draw = np.random.default_rng(0)
    for height, width in sizes():
        picture = draw.integers(0, 256, (height, width, 3), np.uint8)
        (made,) = session.run(None, {"picture": np.stack([picture, 255 - picture])})
        for pixels, before in zip(made, (picture, 255 - picture), strict=True):
            assert np.array_equal(pixels, expected_of(before)), (height, width)


def test_a_network_that_one_file_can_t_hold_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 401)
    assert fits(nn.Linear(9, 10))
    assert not fits(nn.Linear(10, 10))
    with torch.device("meta"):
        assert not fits(nn.Linear(100_000, 100_000))
