"""The layers of the layer math page, what each is usually set to, and examples to start from."""

from enum import StrEnum

from pages.learn.layer_values import Values


class Kind(StrEnum):
    """The layers, by their classes in torch.nn."""

    CONV2D = "Conv2d"
    CONV1D = "Conv1d"
    TRANSPOSED = "ConvTranspose2d"
    MAX_POOL = "MaxPool2d"
    AVG_POOL = "AvgPool2d"
    ADAPTIVE = "AdaptiveAvgPool2d"
    LINEAR = "Linear"
    BATCH_NORM = "BatchNorm2d"
    FLATTEN = "Flatten"


PURPOSES = {
    Kind.CONV2D: "slides windows of weights over the maps.",
    Kind.CONV1D: "slides windows of weights along a sequence.",
    Kind.TRANSPOSED: "spreads each value over a window.",
    Kind.MAX_POOL: "keeps the largest value of each window.",
    Kind.AVG_POOL: "keeps the mean of each window.",
    Kind.ADAPTIVE: "averages each map down to the size that you ask for.",
    Kind.LINEAR: "weighs every input for every output.",
    Kind.BATCH_NORM: "brings each channel to mean 0 and variance 1.",
    Kind.FLATTEN: "lays the values of all maps in one row.",
}
SQUARE_ONLY = {Kind.CONV1D, Kind.LINEAR}  # without rows and columns that could differ

# What a layer usually starts with; where nothing was moved, a change of layer goes on to that of the new one.
USUAL: Values = {"kernel": 3, "stride": 1}
USUAL_OF = {
    Kind.MAX_POOL: {"kernel": 2, "stride": 2},
    Kind.AVG_POOL: {"kernel": 2, "stride": 2},
    Kind.TRANSPOSED: {"kernel": 2, "stride": 2},
}

EXAMPLES: dict[str, Values] = {
    "The lecture's first convolution": {
        "layer": Kind.CONV2D.value,
        "in_channels": 1,
        "out_channels": 6,
        "size": 256,
    },
    "A stride that doesn't fit": {"layer": Kind.CONV2D.value, "size": 12, "stride": 2},
    "Keep the size": {"layer": Kind.CONV2D.value, "kernel": 5, "padding_kind": "same"},
    "ResNet's first layer": {
        "layer": Kind.CONV2D.value,
        "size": 224,
        "out_channels": 64,
        "kernel": 7,
        "stride": 2,
        "padding": 3,
    },
    "Depthwise, as in MobileNet": {
        "layer": Kind.CONV2D.value,
        "in_channels": 32,
        "out_channels": 32,
        "groups": 32,
        "size": 14,
        "padding": 1,
    },
    "Dilated": {"layer": Kind.CONV2D.value, "dilation": 2, "size": 14},
    "Halve by pooling": {"layer": Kind.MAX_POOL.value, "kernel": 2, "stride": 2, "size": 13},
    "Double the size": {"layer": Kind.TRANSPOSED.value, "kernel": 2, "stride": 2, "size": 7},
    "The lecture's last layer": {"layer": Kind.LINEAR.value, "in_channels": 1250, "out_channels": 1},
}
