import pytest

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.describe import layer_name, settings_text
from core.layers.elementwise import Activation, Dropout
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d


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
        (Linear(400, 120), "Linear", "400 → 120"),
        (BatchNorm2d(16), "BatchNorm2d", "16 channels"),
        (Dropout(0.25), "Dropout", "p = 0.25"),
        (Activation("ReLU"), "ReLU", ""),
        (Flatten(), "Flatten", ""),
    ],
)
def test_layer_in_words(layer, name, words):
    assert (layer_name(layer), settings_text(layer)) == (name, words)
