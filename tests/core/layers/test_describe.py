import pytest

from core.layers.adaptive import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.describe import layer_name, settings_text
from core.layers.elementwise import Activation, Dropout
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode


@pytest.mark.parametrize(
    ("layer", "name", "words"),
    [
        (Conv2d(16, 32, (3, 3), padding=(1, 1)), "Conv2d", "16 → 32, 3×3, padding 1"),
        (
            Conv2d(3, 8, (3, 5), (2, 1), "same", (1, 2), bias=False),
            "Conv2d",
            "3 → 8, 3×5, stride 2×1, padding same, dilation 1×2, no bias",
        ),
        (MaxPool2d((2, 2), (2, 2)), "MaxPool2d", "2×2"),
        (MaxPool2d((3, 3), (2, 2), (1, 1)), "MaxPool2d", "3×3, stride 2, padding 1"),
        (AvgPool2d((2, 2), (1, 1)), "AvgPool2d", "2×2, stride 1"),
        (AdaptiveAvgPool2d(), "AdaptiveAvgPool2d", "to 1×1"),
        (AdaptiveMaxPool2d((None, 3)), "AdaptiveMaxPool2d", "to kept×3"),
        (Conv2d(8, 8, (3, 3), groups=8, padding="valid"), "Conv2d", "8 → 8, 3×3, padding valid, groups 8"),
        (
            Conv2d(1, 1, (3, 3), padding=(1, 1), padding_mode=PaddingMode.REFLECT),
            "Conv2d",
            "1 → 1, 3×3, padding 1, padding reflect",
        ),
        (Conv1d(2, 4, 5, stride=2), "Conv1d", "2 → 4, 5, stride 2"),
        (
            ConvTranspose2d(8, 4, (3, 3), (2, 2), (1, 1), (1, 1)),
            "ConvTranspose2d",
            "8 → 4, 3×3, stride 2, padding 1, output padding 1",
        ),
        (MaxPool2d((3, 3), (2, 2), ceil_mode=True), "MaxPool2d", "3×3, stride 2, ceil mode"),
        (AvgPool2d((2, 2), (2, 2), count_include_pad=False), "AvgPool2d", "2×2, padding not counted"),
        (BatchNorm2d(4, affine=False), "BatchNorm2d", "4 channels, not affine"),
        (Dropout(0.5, "Dropout2d"), "Dropout2d", "p = 0.5"),
        (Linear(400, 120), "Linear", "400 → 120"),
        (BatchNorm2d(16), "BatchNorm2d", "16 channels"),
        (Dropout(0.25), "Dropout", "p = 0.25"),
        (Activation("ReLU"), "ReLU", ""),
        (Flatten(), "Flatten", ""),
    ],
)
def test_layer_in_words(layer, name, words):
    assert (layer_name(layer), settings_text(layer)) == (name, words)
