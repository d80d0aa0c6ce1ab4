"""A stack of layers as a short text for an address, such as conv16-p1.relu.max2.flatten.linear10, and back.

A layer is a word, its main setting, and after a dash each the letter and the value of what is not at
PyTorch's default. Channels and features that come in are left out: `stack.fitted` fills them in. Numbers
are kept within what a control can show.
"""

import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from core.errors import ConfigError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.transposed import ConvTranspose2d

MOST_LAYERS = 64
MOST_LETTERS = 2_000
LARGEST = 65_536

ACTIVATIONS = {
    "relu": "ReLU",
    "leakyrelu": "LeakyReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
}


@dataclass(frozen=True)
class Word:
    """How a kind of layer is written; `filled` are the fields that what reaches the layer decides."""

    layer: type
    main: str = ""  # the field that stands right after the word
    letters: dict[str, str] = field(default_factory=dict)  # letter -> field
    filled: tuple[str, ...] = ()


_WINDOW = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups", "b": "bias"}
WORDS = {
    "conv": Word(Conv2d, "out_channels", _WINDOW, ("in_channels",)),
    "transposed": Word(ConvTranspose2d, "out_channels", {**_WINDOW, "o": "output_padding"}, ("in_channels",)),
    "max": Word(MaxPool2d, "kernel", {"s": "stride", "p": "padding", "d": "dilation", "c": "ceil_mode"}),
    "avg": Word(
        AvgPool2d, "kernel", {"s": "stride", "p": "padding", "c": "ceil_mode", "i": "count_include_pad"}
    ),
    "adaptive": Word(AdaptiveAvgPool2d, "output"),
    "norm": Word(BatchNorm2d, filled=("channels",)),
    "dropout": Word(Dropout, "probability"),
    "flatten": Word(Flatten),
    "linear": Word(Linear, "out_features", {"b": "bias"}, ("in_features",)),
}
PAIRS = {"kernel", "stride", "padding", "dilation", "output", "output_padding"}
TRUTHS = {"bias", "ceil_mode", "count_include_pad"}
FROM_ZERO = {"padding", "output_padding", "probability", *TRUTHS}
_TOKEN = re.compile(r"([a-z]+)([0-9x]*)((?:-[a-z][a-z0-9]+)*)")
_NUMBERS = re.compile(r"\d{1,5}")


def stack_text(layers: Sequence[Layer]) -> str:
    """`layers` as a text of letters, digits, dots and dashes."""
    return ".".join(_written(layer) for layer in layers)


def read_stack(text: str) -> tuple[Layer, ...]:
    """The layers that `stack_text` wrote as `text`.

    Raises:
        ConfigError: `text` isn't such a text, or is too long.
    """
    tokens = text.split(".") if text else []
    if len(text) > MOST_LETTERS or len(tokens) > MOST_LAYERS:
        raise _unreadable(f"{len(tokens)} layers in {len(text)} letters")
    return tuple(_read(token) for token in tokens)


def _written(layer: Layer) -> str:
    if isinstance(layer, Activation):
        return next(word for word, function in ACTIVATIONS.items() if function == layer.function)
    name, word = next((name, word) for name, word in WORDS.items() if word.layer is type(layer))
    main = _value_text(getattr(layer, word.main)) if word.main else ""
    default = _with_defaults(word, getattr(layer, word.main, None))
    options = [
        f"-{letter}{_value_text(getattr(layer, field_name))}"
        for letter, field_name in word.letters.items()
        if getattr(layer, field_name) != default.get(field_name)
    ]
    return name + main + "".join(options)


def _read(token: str) -> Layer:
    if token in ACTIVATIONS:
        return Activation(ACTIVATIONS[token])
    matched = _TOKEN.fullmatch(token)
    if matched is None or matched[1] not in WORDS:
        raise _unreadable(token)
    word = WORDS[matched[1]]
    if bool(word.main) != bool(matched[2]):
        raise _unreadable(token)
    main = _value(word.main, matched[2], token) if word.main else None
    values = _with_defaults(word, main)
    for option in matched[3].split("-")[1:]:
        name = word.letters.get(option[0])
        if name is None:
            raise _unreadable(token)
        values[name] = _value(name, option[1:], token)
    if missing := {f.name for f in fields(word.layer) if f.default is MISSING} - set(values):
        raise _unreadable(f"{token} without its {' and '.join(sorted(missing))}")
    layer: Layer = word.layer(**values)
    return layer


def _with_defaults(word: Word, main: Any) -> dict[str, Any]:
    """The fields of a layer whose main setting is `main`, as far as they are known without more."""
    values = {f.name: f.default for f in fields(word.layer) if f.default is not MISSING}
    values |= dict.fromkeys(word.filled, 1)
    if word.main:
        values[word.main] = main
    if word.main == "kernel":
        values["stride"] = main  # a pooling window steps by its own size
    return values


def _value_text(value: Any) -> str:
    match value:
        case bool():
            return str(int(value))
        case float():
            return f"{100 * value:.0f}"
        case (rows, columns):
            return str(rows) if rows == columns else f"{rows}x{columns}"
    return str(value)


def _value(name: str, text: str, token: str) -> Any:
    if name == "padding" and text in ("same", "valid"):
        return text
    numbers = text.split("x")
    if not all(_NUMBERS.fullmatch(number) for number in numbers) or len(numbers) > 2:
        raise _unreadable(token)
    least = 0 if name in FROM_ZERO else 1
    values = [max(least, min(int(number), LARGEST)) for number in numbers]
    if name in PAIRS:
        return (values[0], values[-1])
    if len(values) > 1:
        raise _unreadable(token)
    if name in TRUTHS:
        return bool(values[0])
    return min(values[0], 95) / 100 if name == "probability" else values[0]


def _unreadable(found: str) -> ConfigError:
    return ConfigError(
        "The layers in this address can't be read.",
        expected="layers such as conv16-k3-p1.relu.max2.flatten.linear10",
        found=found[:80],
        fix="Ask for the link again, or build the network by hand.",
    )
