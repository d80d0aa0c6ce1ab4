"""What the Learn pages have in common: what one of them keeps must not reach another."""

from itertools import combinations

import pytest

from tests.pages.helper import open_page

pytestmark = pytest.mark.slow

WIDGETS = ("slider", "selectbox", "number_input", "toggle", "text_input", "button_group")
SEEN = {
    "layer_math": [{}, {"rectangular": "true"}, {"layer": "ConvTranspose2d"}, {"layer": "AdaptiveAvgPool2d"}],
    "convolution_lab": [
        {"channels": "colour", "conv_kernel": "own weights"},
        {"conv_kernel": "random"},
        {"mode": "Pooling"},
        {"mode": "Conv → ReLU → pool"},
    ],
    "architecture": [{}, {"picture_rectangular": "true"}, {"network_source": "Build by hand"}],
    "challenges": [{}],
}


def test_no_control_has_the_name_of_one_on_another_page() -> None:
    names = {page: set[str]() for page in SEEN}
    for page, addresses in SEEN.items():
        for query in addresses:
            app = open_page(f"learn/{page}", **query)
            names[page] |= {widget.key for kind in WIDGETS for widget in app.get(kind) if widget.key}
    assert {"kernel", "stride"} <= names["layer_math"]
    assert {"conv_kernel", "kernel_seed"} <= names["convolution_lab"]
    for one, other in combinations(names, 2):
        assert not names[one] & names[other], (one, other)
