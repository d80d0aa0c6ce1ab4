import pytest
import torch

from core.errors import ModelFileError
from core.models.given_head import given_head, under_our_names
from core.models.heads import FoundHead

FOUND = FoundHead("fc", 8, 1000, False)
SQUEEZE = FoundHead("classifier.1", 8, 1000, True)


def layers(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    return {name.replace("__", "."): torch.zeros(shape) for name, shape in shapes.items()}


def test_one_layer() -> None:
    state = layers(body=(3, 3), fc__weight=(5, 8), fc__bias=(5,))
    head = given_head(FOUND, state)
    assert (head.layers, head.config.hidden, head.outputs) == (("fc",), (), 5)
    assert list(under_our_names(FOUND, head, state)) == ["body", "fc.0.weight", "fc.0.bias"]


def test_hidden_layers_in_the_order_of_their_numbers_whatever_that_of_the_file() -> None:
    state = layers(fc__10__weight=(3, 6), fc__2__weight=(6, 4), fc__0__weight=(4, 8), fc__2__bias=(6,))
    head = given_head(FOUND, state)
    assert (head.config.hidden, head.outputs) == ((4, 6), 3)
    names = list(under_our_names(FOUND, head, state))
    assert names == ["fc.6.weight", "fc.3.weight", "fc.0.weight", "fc.3.bias"]


def test_a_convolution() -> None:
    head = given_head(SQUEEZE, layers(classifier__1__weight=(7, 8, 1, 1), classifier__1__bias=(7,)))
    assert (head.layers, head.outputs) == (("classifier.1",), 7)


@pytest.mark.parametrize(
    "state",
    [
        {},
        layers(fc__weight=(5, 9)),
        layers(fc__weight=(5,)),
        layers(fc__0__weight=(4, 8), fc__1__weight=(3, 5)),
    ],
)
def test_what_does_not_go_on_from_the_features_is_refused(state: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ModelFileError, match=r"doesn't fit the backbone.*8 features"):
        given_head(FOUND, state)
