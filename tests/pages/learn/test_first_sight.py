"""Each page to learn from, as it first stands; what else it can do is tested apart, and takes longer."""

import pytest

from core.models.cnn_walk import walk
from core.models.presets import DEFAULT_PRESET, PRESETS
from tests.pages.helper import open_page, texts


def html(app) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_layer_math_answers_for_a_convolution() -> None:
    app = open_page("learn/layer_math")
    assert "<strong>1 × 16 × 10 × 10</strong>" in html(app)
    assert r"\left\lfloor" in texts(app) or r"\frac" in texts(app)
    assert "nn.Conv2d(3, 16, kernel_size=3)" in app.code[0].value


def test_architecture_answers_for_a_preset() -> None:
    network = walk(PRESETS[DEFAULT_PRESET].config, (1, 32, 32), 10)
    assert f"<dd>{network.parameters:,}</dd>" in html(open_page("learn/architecture"))


@pytest.mark.parametrize(
    ("page", "title"), [("convolution_lab", "Convolution lab"), ("challenges", "Challenges")]
)
def test_the_other_pages_stand_without_a_problem(page: str, title: str) -> None:
    app = open_page(f"learn/{page}")
    assert app.title[0].value == title
    assert not app.error
