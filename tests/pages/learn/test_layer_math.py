import re

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.memory import Dtype, inference_bytes, training_bytes
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode
from pages.learn.layer_kinds import EXAMPLES, USUAL_OF, Kind
from pages.learn.layer_values import DEFAULTS, DIALS, key_of
from pages.shared.text import size
from tests.pages.helper import no_exception, open_page, texts

pytestmark = pytest.mark.slow

PAGE = "learn/layer_math"
# A link for each layer with its arguments away from their defaults, and the layer that it means.
LINKS: list[tuple[str, Layer, Shape]] = [
    (
        "layer=Conv2d&in_channels=6&out_channels=9&size=30&rectangular=true&size_w=20&kernel=5&stride=2"
        "&padding=2&dilation=2&groups=3&bias=false&padding_mode=reflect",
        Conv2d(6, 9, (5, 3), (2, 1), (2, 0), (2, 1), False, 3, PaddingMode.REFLECT),
        (6, 30, 20),
    ),
    ("layer=Conv2d&padding_kind=same&kernel=5", Conv2d(3, 16, (5, 5), padding="same"), (3, 12, 12)),
    ("layer=Conv1d&size=40&padding=3&stride=2", Conv1d(3, 16, 3, 2, 3), (3, 40)),
    (
        "layer=ConvTranspose2d&stride=3&output_padding=2&dilation=2&padding=1",
        ConvTranspose2d(3, 16, (3, 3), (3, 3), (1, 1), (2, 2), (2, 2)),
        (3, 12, 12),
    ),
    (
        "layer=MaxPool2d&stride=2&ceil_mode=true&padding=1",
        MaxPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True),
        (3, 12, 12),
    ),
    (
        "layer=AvgPool2d&stride=2&count_include_pad=false",
        AvgPool2d((3, 3), (2, 2), count_include_pad=False),
        (3, 12, 12),
    ),
    ("layer=AdaptiveAvgPool2d&output=5", AdaptiveAvgPool2d((5, 5)), (3, 12, 12)),
    ("layer=Linear&in_channels=1250&out_channels=1", Linear(1250, 1), (1250,)),
    ("layer=BatchNorm2d&in_channels=64&affine=false", BatchNorm2d(64, False), (64, 12, 12)),
    ("layer=Flatten&size=25&in_channels=2", Flatten(), (2, 25, 25)),
]


def visit(link: str = "") -> AppTest:
    return open_page(PAGE, **dict(part.split("=") for part in link.split("&") if part))


def html(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def fact(app: AppTest, name: str) -> str:
    [value] = re.findall(rf"<dt>{name}</dt><dd>(.+?)</dd>", html(app))
    return value


def output(app: AppTest) -> Shape:
    [words] = re.findall(r"<strong>(.+?)</strong>", html(app))
    return tuple(int(side) for side in words.split(" × "))


def code(app: AppTest) -> str:
    return app.code[0].value


def slide(app: AppTest, key: str, value: int) -> AppTest:
    app.slider(key=key).set_value(value)
    return no_exception(app.run())


def mends(app: AppTest) -> dict[str, str]:
    """The buttons that mend an invalid setting: the slider's key, and the words."""
    return {
        button.key.split("_", 2)[2]: button.label
        for button in app.button
        if button.key and button.key.startswith("mend_")
    }


@pytest.mark.parametrize(("link", "layer", "shape"), LINKS, ids=lambda value: str(value)[:28])
def test_a_link_brings_all_of_its_settings_and_the_answers_are_the_layers(link, layer, shape) -> None:
    app = visit(f"{link}&batch=4&dtype=float16")
    assert output(app) == (4, *layer.output_shape(shape))
    assert fact(app, "Parameters") == f"{layer.parameters:,}"
    assert fact(app, "MACs") == f"{layer.macs(shape):,}"
    assert fact(app, "Memory to predict") == size(inference_bytes(layer, shape, 4, Dtype.FLOAT16))
    assert fact(app, "Memory to train") == size(training_bytes(layer, shape, 4, Dtype.FLOAT16))
    assert not app.error


@pytest.mark.parametrize(("link", "layer", "shape"), LINKS, ids=lambda value: str(value)[:28])
def test_the_code_makes_this_layer_and_prints_what_the_page_says(link, layer, shape, capsys) -> None:
    app = visit(link)
    exec(code(app), scope := {})
    printed = capsys.readouterr().out.strip()
    assert printed == str(output(app))
    assert code(app).endswith(f"# {printed}")
    module = scope["layer"]
    assert isinstance(module, nn.Module)
    assert sum(weight.numel() for weight in module.parameters()) == layer.parameters
    assert isinstance(scope["output"], torch.Tensor)


def test_a_slider_moves_every_answer() -> None:
    app = visit()
    assert output(app) == (1, 16, 10, 10)
    app = slide(app, "size", 32)
    app = slide(app, "stride", 2)
    assert output(app) == (1, 16, 15, 15)
    assert r"\lfloor" in texts(app)
    assert "The last row and column are never seen." in texts(app)
    assert "torch.zeros(1, 3, 32, 32)" in code(app)
    assert fact(app, "MACs") == f"{16 * 15 * 15 * 27:,}"


def test_the_formula_stands_in_symbols_and_in_numbers() -> None:
    words = texts(visit("size=32&stride=2&padding=1"))
    assert r"\frac{H + 2p - d(k - 1) - 1}{s}" in words
    assert r"\frac{32 + 2 \times 1 - 1 \times (3 - 1) - 1}{2}" in words
    assert r"16 \times (3 \times 3 \times 3) + 16" in words


def test_a_link_with_nonsense_in_it_falls_back_to_the_defaults() -> None:
    app = visit(
        "layer=Nope&size=9999&kernel=abc&padding_mode=<b>&rectangular=7&sweep=x&look_at=-1&dtype=int4"
    )
    assert output(app) == (1, 16, 10, 10)
    assert not app.error


def test_an_invalid_setting_says_why_and_mends_itself_where_it_stands() -> None:
    app = visit("kernel=9&size=6")
    assert "The window is larger than the map under it" in app.error[0].value
    assert "<strong>" not in html(app)
    assert mends(app) == {"size": "Set to 9", "kernel": "Set to 6", "padding": "Set to 2"}
    [mend] = [button for button in app.button if button.key.endswith("_kernel")]
    app = no_exception(mend.click().run())
    assert app.slider(key="kernel").value == 6
    assert output(app) == (1, 16, 1, 1)
    assert mends(app) == {}


@pytest.mark.parametrize(
    ("link", "problem", "keys"),
    [
        ("groups=2", "input channels can't be shared out", {"groups", "in_channels"}),
        ("padding_kind=same&stride=2", "can't be had with a stride", {"stride"}),
        ("layer=MaxPool2d&padding=3&kernel=4", "wholly in the padding", {"kernel", "padding"}),
        (
            "layer=ConvTranspose2d&output_padding=4",
            "output padding is too large",
            {"output_padding", "stride"},
        ),
        ("padding_mode=reflect&padding=5&size=4", "too small for padding", {"padding", "size"}),
    ],
)
def test_each_refusal_is_shown_with_the_sliders_that_can_mend_it(link, problem, keys) -> None:
    app = visit(link)
    assert problem in app.error[0].value.replace("\\", "")
    assert keys <= set(mends(app))


@pytest.mark.parametrize("key", ["size", "kernel", "padding", "dilation"])
def test_every_mend_that_is_offered_mends(key: str) -> None:
    app = visit("kernel=5&size=8&dilation=3")
    [mend] = [button for button in app.button if button.key.endswith(f"_{key}")]
    assert not no_exception(mend.click().run()).error


def test_several_problems_are_mended_one_by_one() -> None:
    app = visit("kernel=9&size=6&groups=2")
    assert mends(app) == {"groups": "Set to 1", "in_channels": "Set to 2"}
    for key in ("groups", "size"):
        [mend] = [button for button in app.button if button.key.endswith(f"_{key}")]
        app = no_exception(mend.click().run())
    assert output(app) == (1, 16, 1, 1)


def test_rectangular_starts_where_the_square_was() -> None:
    app = visit("kernel=5&size=20&stride=2")
    app.toggle(key="rectangular").set_value(True)
    app = no_exception(app.run())
    assert app.slider(key="kernel_w").value == 5
    assert output(app) == (1, 16, 8, 8)
    app = slide(app, "stride_w", 4)
    assert output(app) == (1, 16, 8, 4)
    assert r"W' &= \left\lfloor" in texts(app)


def test_what_is_set_stays_set_from_layer_to_layer() -> None:
    app = visit("size=40&kernel=5&stride=3")
    for kind in (Kind.MAX_POOL, Kind.AVG_POOL, Kind.CONV1D):
        app.button_group(key="layer").set_value(str(kind))
        app = no_exception(app.run())
        assert output(app)[-1] == 12


def test_a_layer_begins_with_what_is_usual_for_it() -> None:
    app = visit()
    for kind in (Kind.MAX_POOL, Kind.LINEAR, Kind.TRANSPOSED, Kind.CONV2D):
        app.button_group(key="layer").set_value(str(kind))
        app = no_exception(app.run())
        usual = USUAL_OF.get(kind, {"kernel": 3, "stride": 1})
        if kind is not Kind.LINEAR:
            assert {key: app.slider(key=key).value for key in usual} == usual


def test_what_came_before_widens_the_receptive_field() -> None:
    app = visit("kernel=3&stride=2")
    assert fact(app, "Receptive field") == "3×3"
    app = slide(slide(app, "field", 5), "jump", 2)
    assert fact(app, "Receptive field") == "9×9"
    assert "stride 4" in html(app)


def test_the_chart_can_look_at_any_slider_of_the_layer() -> None:
    app = visit()
    assert app.selectbox(key="sweep").options[0] == "Kernel"
    for place in range(len(app.selectbox(key="sweep").options)):
        for quantity in app.selectbox(key="look_at").options:
            app.selectbox(key="sweep").select_index(place)
            app.selectbox(key="look_at").select(quantity)
            app = no_exception(app.run())
            assert not app.error


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_can_be_built_and_set_what_they_say(name: str) -> None:
    values = EXAMPLES[name]
    assert set(values) <= {*DEFAULTS, "layer"}
    app = visit("&".join(f"{key}={value}" for key, value in values.items()))
    assert not app.error
    for key, value in values.items():
        if key in {key_of(argument) for argument in DIALS}:
            assert app.slider(key=key).value == value


def test_the_lectures_first_convolution_is_as_the_lecture_says() -> None:
    app = visit("&".join(f"{k}={v}" for k, v in EXAMPLES["The lecture's first convolution"].items()))
    assert "nn.Conv2d(1, 6, kernel_size=3)" in code(app)
    assert output(app) == (1, 6, 254, 254)
    assert fact(app, "Parameters") == "60"


def test_the_link_names_what_is_not_at_its_default() -> None:
    app = visit("kernel=5&layer=MaxPool2d")
    link = app.code[1].value
    assert link.endswith(("?kernel=5&layer=MaxPool2d", "?layer=MaxPool2d&kernel=5"))
