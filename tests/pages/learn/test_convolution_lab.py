import io
import json
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.filtering.borders import Border
from core.filtering.correlation import Sliding, apply_kernel
from core.filtering.kernels import ChannelMix, KernelName, for_colors, named_kernel, typed_kernel
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.torch_code import OWN_FILE
from pages.learn.convolution_lab_choice import POOLING, STRIP
from tests.pages.helper import no_exception, open_page, texts

pytestmark = pytest.mark.slow

PAGE = "learn/convolution_lab"


def scene(app: AppTest) -> dict:
    [component] = app.get("bidi_component")
    return json.loads(component.proto.json)


def values(drawn: dict) -> np.ndarray:
    kind = {"bytes": np.uint8, "floats": "<f4"}[drawn["kind"]]
    return np.frombuffer(b64decode(drawn["values"]), kind).reshape(drawn["shape"])


def output(app: AppTest) -> np.ndarray:
    return values(scene(app)["maps"][1])


def code(app: AppTest) -> str:
    app.session_state["code"] = True
    return no_exception(app.run()).code[0].value


@pytest.fixture(scope="module")
def first_output() -> np.ndarray:
    """What the page shows before anything is chosen."""
    return output(open_page(PAGE))


def test_at_first_a_photo_and_the_edges_in_it() -> None:
    app = open_page(PAGE)
    picture = grey(lab_picture(photo(Photo.CHINA), 32))
    np.testing.assert_array_equal(values(scene(app)["maps"][0]), picture)
    edges = apply_kernel(picture, named_kernel(KernelName.SOBEL_X), Sliding())
    np.testing.assert_array_equal(output(app), edges.output)
    assert scene(app)["note"] == "Output size: (32 − 3) ÷ 1 + 1 = 30. Padding 1 would keep the size."


def test_an_address_holds_every_setting() -> None:
    app = open_page(
        PAGE,
        picture="flower.jpg",
        pixels="40",
        channels="colour",
        slices="blue − yellow",
        conv_kernel="emboss",
        taps="5",
        conv_stride="2",
        conv_padding="3",
        conv_dilation="2",
        border="reflect",
        turned="true",
    )
    kernel = for_colors(named_kernel(KernelName.EMBOSS, 5), ChannelMix.BLUE_YELLOW)
    sliding = Sliding(2, 3, 2, Border.REFLECT, true_convolution=True)
    expected = apply_kernel(lab_picture(photo(Photo.FLOWER), 40), kernel, sliding).output
    np.testing.assert_allclose(output(app), expected, rtol=1e-6)
    assert scene(app)["kernel"]["turned"]


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "Cooking"},
        {"mode": "", "channels": "", "border": "", "picture": "", "conv_kernel": ""},
        {"pixels": "-inf"},
        {"picture": "../secret.png"},
        {"pixels": "1000000"},
        {"pixels": "NaN"},
        {"conv_kernel": "<script>"},
        {"conv_stride": "0"},
        {"conv_dilation": "-1"},
        {"border": "wrap"},
        {"channels": "infrared"},
    ],
)
def test_an_address_that_makes_no_sense_gives_the_first_settings(
    query: dict[str, str], first_output: np.ndarray
) -> None:
    app = open_page(PAGE, **query)
    assert not app.error
    np.testing.assert_array_equal(output(app), first_output)


def test_a_size_between_two_odd_ones_becomes_the_next() -> None:
    app = open_page(PAGE, conv_kernel="blur", taps="4")
    assert np.shape(scene(app)["kernel"]["weights"]) == (1, 5, 5)


@pytest.mark.parametrize("query", [{}, {"channels": "colour", "slices": "red − green", "turned": "true"}])
@pytest.mark.parametrize("mode", ["Convolution", POOLING, STRIP])
def test_the_code_of_every_mode_gives_the_numbers_that_are_shown(
    mode: str, query: dict[str, str], capsys: pytest.CaptureFixture
) -> None:
    settings = {
        "picture": "flower.jpg",
        "border": "replicate",
        "conv_padding": "2",
        "conv_stride": "2",
        "conv_bias": "-20",
    }
    app = open_page(PAGE, mode=mode, **settings, **query)
    names: dict = {}
    exec(code(app), names)
    shown = [values(drawn) for drawn in scene(app)["maps"]]
    found = {
        "Convolution": ("x", "output"),
        POOLING: ("x", "largest", "mean"),
        STRIP: ("x", "output", "rectified", "pooled"),
    }[mode]
    assert len(shown) == len(found)
    for drawn, name in zip(shown, found, strict=True):
        np.testing.assert_allclose(drawn, names[name][0].numpy(), rtol=1e-6, atol=1e-4)


def test_pooling_says_what_it_throws_away() -> None:
    app = open_page(PAGE, mode=POOLING)
    assert scene(app)["kept"] == "Max pooling keeps 256 of 1,024 pixels (25%): show only these"
    app = no_exception(app.slider(key="pool_stride").set_value(3).run())
    assert "lie under no window" in scene(app)["kept"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"pixels": "8", "taps": "11"}, "The window is larger than the map"),
        ({"pixels": "8", "conv_padding": "9", "border": "reflect"}, "too small for padding"),
        ({"mode": POOLING, "pool_padding": "4"}, "wholly in the padding"),
        ({"mode": STRIP, "pixels": "8", "window": "8"}, "larger than the map"),
        ({"conv_kernel": "own weights", "kernel_weights": "1 2; 3"}, "rectangle"),
        ({"conv_kernel": "own weights", "kernel_weights": "[x](javascript:alert(1))"}, "no number"),
        ({"conv_kernel": "own weights", "divisor": "0"}, "divided"),
        ({"conv_kernel": "own weights", "kernel_weights": "1|2|3"}, "a slice for each channel"),
    ],
)
def test_settings_that_can_not_be_say_why_and_leave_the_controls(query: dict[str, str], words: str) -> None:
    app = open_page(PAGE, **query)
    assert words in app.error[0].value
    assert not app.get("bidi_component")
    assert app.slider


def test_weights_of_ones_own() -> None:
    app = open_page(PAGE, conv_kernel="own weights", kernel_weights="0 1; -1 0", divisor="2")
    picture = grey(lab_picture(photo(Photo.CHINA), 32))
    expected = apply_kernel(picture, typed_kernel("0 1; -1 0", 2), Sliding()).output
    np.testing.assert_array_equal(output(app), expected)
    app = no_exception(app.text_input(key="kernel_weights").set_value("1").run())
    np.testing.assert_array_equal(output(app), picture / 2)


def test_a_random_kernel_is_known_by_its_seed() -> None:
    app = open_page(PAGE, conv_kernel="random", kernel_seed="7")
    weights = scene(app)["kernel"]["weights"]
    assert weights == scene(open_page(PAGE, conv_kernel="random", kernel_seed="7"))["kernel"]["weights"]
    app = no_exception(app.number_input(key="kernel_seed").set_value(8).run())
    assert weights != scene(app)["kernel"]["weights"]


def test_a_kernel_that_is_no_square_tells_rows_and_columns_apart() -> None:
    app = open_page(PAGE, conv_kernel="own weights", kernel_weights="1 2", conv_stride="3")
    assert scene(app)["note"] == (
        "Output rows: ⌊(32 − 1) ÷ 3⌋ + 1 = 11. No window ever covers 21 rows. "
        "Output columns: (32 − 2) ÷ 3 + 1 = 11. No window ever covers 10 columns."
    )


def test_one_white_pixel_shows_the_kernel() -> None:
    app = open_page(PAGE)
    [button] = [button for button in app.button if button.label == "Try it on one white pixel"]
    app = no_exception(button.click().run())
    kernel = named_kernel(KernelName.EMBOSS).weights[0]
    np.testing.assert_array_equal(output(app)[0, 2:5, 2:5], 255 * kernel[::-1, ::-1])
    app = no_exception(app.toggle(key="turned").set_value(True).run())
    np.testing.assert_array_equal(output(app)[0, 2:5, 2:5], 255 * kernel)


def encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value([(name, content, "application/octet-stream")])
    return no_exception(app.run())


def test_a_picture_of_ones_own(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    app = open_page(PAGE, picture="own picture", channels="colour")
    assert "Give a picture above" in texts(app)
    content = encoded(photo(Photo.FLOWER).rotate(30), "PNG")
    app = upload(app, "[x](y) <b>.png", content)
    np.testing.assert_array_equal(values(scene(app)["maps"][0]), lab_picture(content, 32))
    (tmp_path / OWN_FILE).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code(app), names)
    np.testing.assert_allclose(output(app), names["output"][0].numpy(), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(
    "content", [b"", b"words", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"<svg onload=alert(1)>"]
)
def test_a_file_that_is_no_picture_is_named_as_such(content: bytes) -> None:
    app = upload(open_page(PAGE, picture="own picture"), "a.png", content)
    assert app.error[0].value
    assert not app.get("bidi_component")
