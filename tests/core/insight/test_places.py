import pytest
import torch
import torchvision

from core.insight.patch import patch_of
from core.insight.places import MapPlace, map_places, missing_maps
from core.layers.receptive import Reach
from core.models.traced import traced
from core.models.walk import Walk
from tests.core.insight.networks import our_cnn, pretrained_like


def walk_of(name: str, side: int = 64) -> Walk:
    with torch.device("meta"):
        model = torchvision.models.get_model(name, weights=None)
    return traced(model, (3, side, side))


def test_spans_are_the_pixels_that_a_value_depends_on() -> None:
    case = our_cnn()
    walk = traced(our_cnn().model, (3, 24, 24))
    place = next(place for place in map_places(walk) if place.name == "pool1")
    layers = case.model[: list(dict(case.model.named_children())).index("pool1") + 1].double()
    rows, columns = place.spans or ((), ())
    for row, column in ((0, 0), (5, 3), (11, 11)):
        # The largest may hide others, so the dependence is summed over many pictures.
        seen = torch.zeros(24, 24, dtype=torch.bool)
        for seed in range(12):
            torch.manual_seed(seed)
            x = torch.randn(1, 3, 24, 24, dtype=torch.float64, requires_grad=True)
            (gradient,) = torch.autograd.grad(layers(x)[0, :, row, column].sum(), x)
            seen |= (gradient[0] != 0).any(0)
        inside = seen.nonzero()
        top, left = inside.min(0).values.tolist()
        bottom, right = inside.max(0).values.tolist()
        first, last = rows[row] or (0, 0)
        assert (top, bottom) == (max(first, 0), min(last, 23))
        first, last = columns[column] or (0, 0)
        assert (left, right) == (max(first, 0), min(last, 23))
        patch = patch_of(place, row, column, (24, 24))
        assert (patch.top, patch.bottom, patch.left, patch.right) == (top, bottom, left, right)


def test_a_place_that_depends_on_the_whole_picture_has_no_spans() -> None:
    walk = walk_of("mobilenet_v3_small")
    squeezed = next(place for place in map_places(walk) if place.shape[1:] == (1, 1))
    assert squeezed.spans is None
    patch = patch_of(squeezed, 0, 0, (64, 48))
    assert (patch.top, patch.bottom, patch.left, patch.right) == (0, 63, 0, 47)


def test_every_convolution_of_these_is_a_place() -> None:
    for name in ("densenet121", "resnet18", "convnext_tiny", "mobilenet_v3_small"):
        walk = walk_of(name)
        named = {place.name for place in map_places(walk)}
        assert {row.name for row in walk.rows if row.layer == "Conv2d"} <= named, name
        assert missing_maps(walk) == ""


@pytest.mark.parametrize(("name", "side", "words"), [("vit_b_32", 224, "tokens"), ("swin_t", 224, "windows")])
def test_transformers_say_why_there_are_no_more_maps(name: str, side: int, words: str) -> None:
    walk = walk_of(name, side)
    assert words in missing_maps(walk)
    for place in map_places(walk):
        assert "attn" not in place.name
    assert len(map_places(walk)) < 5


def test_a_functional_layer_is_a_place_too() -> None:
    named = [place.name for place in map_places(traced(pretrained_like("densenet121").model, (3, 64, 64)))]
    assert "relu" in named


def test_spans_without_sights_come_from_the_field() -> None:
    place = MapPlace(0, "a", "Conv2d", "", (1, 2, 2), Reach((3, 5)))
    assert place.spans == (((0, 2), (1, 3)), ((0, 4), (1, 5)))
