import pytest
import torch
from torch import nn

from core.errors import InsightError
from core.insight.grad_cam import layer_of
from core.insight.grad_cam_layers import default_layer, grad_cam_layers
from core.layers.shapes import MapShape
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, HiddenLayer
from core.models.cnn_walk import walk
from core.models.registry import walk_model
from core.models.registry_build import build_on_meta, model_names, published
from core.models.registry_trace import Trace
from core.models.walk import Walk
from tests.core.insight.networks import OUR_CNN, OUR_SHAPE, RESIDUAL_CNN
from tests.core.models.families import smallest_of_each_family

DEFAULTS = {
    "alexnet": "features.10",
    "convnext_tiny": "features",
    "densenet121": "features",
    "googlenet": "inception5b",
    "mobilenet_v3_small": "features",
    "resnet18": "layer4",
    "squeezenet1_1": "classifier.1",
    "vgg11": "features.18",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFAULTS)
def test_it_is_the_last_map_of_torchvisions_networks(name: str) -> None:
    assert default_layer(walk_model(name, (3, 224, 224))) == DEFAULTS[name]


@pytest.mark.slow
def test_every_family_but_two_has_layers_and_they_put_out_maps() -> None:
    without = set()
    for name in smallest_of_each_family(name for name in model_names() if not name.startswith("quantized_")):
        shape = (3, *published(name).size)
        try:
            layers = grad_cam_layers(walk_model(name, shape))
        except InsightError:
            without.add(name.partition("_")[0])
            continue
        sizes = put_out(build_on_meta(name, shape), layers, shape)
        assert len(sizes) == len(layers), name
        assert all(len(size) == 4 and size[2] * size[3] > 1 for size in sizes), name
    assert without == {"vit", "swin"}


def put_out(model: nn.Module, layers: tuple[str, ...], shape: MapShape) -> list[torch.Size]:
    """What each of `layers` puts out, at its last call."""
    last: dict[nn.Module, torch.Size] = {}
    for layer in layers:
        layer_of(model, layer).register_forward_hook(
            lambda module, args, output: last.update({module: output.shape})
        )
    with torch.no_grad():
        model(torch.empty(1, *shape, device="meta"))
    return list(last.values())


def traced(config: CnnConfig) -> Walk:
    with torch.device("meta"):
        model = build_cnn(config, OUR_SHAPE, 10).eval()
    trace = Trace(model, {})
    trace.run(OUR_SHAPE)
    return Walk(OUR_SHAPE, tuple(trace.rows))


@pytest.mark.parametrize("found", [walk(OUR_CNN, OUR_SHAPE, 10), traced(OUR_CNN)], ids=["counted", "traced"])
def test_of_ours_it_is_the_last_convolution(found: Walk) -> None:
    assert default_layer(found) == "conv3"
    assert grad_cam_layers(found) == (
        "conv1",
        "residual2.main.conv",
        "residual2.main",
        "residual2",
        "conv3",
    )


def test_a_residual_block_at_the_end_is_taken_with_its_skip() -> None:
    assert default_layer(walk(RESIDUAL_CNN, OUR_SHAPE, 10)) == "residual2"
    assert default_layer(traced(RESIDUAL_CNN)) == "residual2"


def test_maps_of_one_place_are_passed_over() -> None:
    layers = grad_cam_layers(walk_model("resnet18", (3, 32, 32)))
    assert layers[-1] == "layer3"
    assert default_layer(walk_model("resnet18", (3, 32, 32))) == "layer3"


def without_maps() -> list[tuple[Walk, str]]:
    return [
        (walk(CnnConfig(hidden=(HiddenLayer(8),)), (1, 8, 8), 3), "no convolution"),
        (walk(OUR_CNN, (3, 1, 1), 3), "no convolution"),
    ]


@pytest.mark.parametrize(("found", "why"), without_maps())
def test_a_network_without_maps_says_so(found: Walk, why: str) -> None:
    for ask in (default_layer, grad_cam_layers):
        with pytest.raises(InsightError, match=why) as error:
            ask(found)
        assert "occlusion" in error.value.fix


@pytest.mark.parametrize("name", ["vit_b_32", "swin_t"])
def test_a_transformer_says_that_the_other_methods_work(name: str) -> None:
    with pytest.raises(InsightError, match=r"attention, which mixes.*integrated gradients"):
        default_layer(walk_model(name, (3, 224, 224)))
