import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.errors import ConfigError, InsightError
from core.insight.grad_cam import grad_cam
from tests.core.insight.networks import Case, NothingInPlace, our_cnn, pretrained_like, same_state, state_of

TARGET = 3
# For each network the layer that is looked at first, and one in the middle that is changed in place.
LAYERS = [
    ("densenet121", "features"),
    ("densenet121", "features.denseblock2.denselayer3.norm2"),
    ("resnet18", "layer4"),
    ("resnet18", "layer2.0.bn2"),
    ("vgg11", "features.18"),
    ("mobilenet_v3_small", "features"),
    ("mobilenet_v3_small", "features.5.block.0.1"),
    ("convnext_tiny", "features"),
    ("ours", "conv3"),
    ("ours", "residual2"),
]


def case(name: str) -> Case:
    return our_cnn() if name == "ours" else pretrained_like(name)


def by_hand(model: nn.Module, x: torch.Tensor, target: int, layer: str) -> np.ndarray:
    """The coarse map from one graph of the whole network, with nothing done in place."""
    kept: list[torch.Tensor] = []
    hook = model.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[2]))
    with NothingInPlace():
        logits = model(x)
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[0, target], kept[-1])
    weights = gradient[0].mean((1, 2))
    return torch.einsum("c,chw->hw", weights, kept[-1][0]).detach().numpy()


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_it_is_the_map_of_a_network_where_nothing_is_in_place_and_captums(name: str, layer: str) -> None:
    from captum.attr import LayerGradCam

    model, x = case(name)
    found = grad_cam(model, x, TARGET, layer, single_logit=False)
    largest = np.abs(found.coarse).max()
    assert largest > 0
    assert np.abs(found.coarse - by_hand(model, x, TARGET, layer)).max() <= 1e-6 * largest
    captums = LayerGradCam(model, model.get_submodule(layer)).attribute(x, TARGET)[0, 0].detach().numpy()
    assert np.abs(found.coarse - captums).max() <= 2e-6 * largest
    with torch.inference_mode():
        assert found.score == pytest.approx(model(x)[0, TARGET].item(), rel=1e-5)


def test_a_densenet_parted_by_hand_gives_the_same() -> None:
    model, x = pretrained_like("densenet121")
    maps = model.features(x).detach().requires_grad_()
    pooled = F.adaptive_avg_pool2d(F.relu(maps), 1).flatten(1)
    (gradient,) = torch.autograd.grad(model.classifier(pooled)[0, TARGET], maps)
    expected = (gradient.mean((2, 3), keepdim=True) * maps).sum(1)[0].detach().numpy()
    found = grad_cam(model, x, TARGET, "features", single_logit=False).coarse
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_values_are_the_positive_part_upsampled_to_the_picture() -> None:
    model, x = our_cnn()
    found = grad_cam(model, x, TARGET, "conv3", single_logit=False)
    assert found.coarse.shape == (12, 12)
    assert found.coarse.min() < 0 < found.coarse.max()
    expected = F.interpolate(
        torch.from_numpy(found.coarse).clamp(min=0)[None, None],
        (24, 24),
        mode="bilinear",
        align_corners=False,
    )
    assert np.array_equal(found.values, expected[0, 0].numpy())
    assert found.values.dtype == np.float32


def test_one_logit_gives_the_two_classes_opposite_maps() -> None:
    model, x = our_cnn(outputs=1)
    first, second = (grad_cam(model, x, target, "conv3", single_logit=True) for target in (0, 1))
    assert np.array_equal(first.coarse, -second.coarse)
    assert first.score == -second.score


def test_of_a_layer_that_is_called_twice_the_last_call_is_taken() -> None:
    model, x = pretrained_like("resnet18")
    twice = grad_cam(model, x, TARGET, "layer4.1.relu", single_logit=False)
    whole = grad_cam(model, x, TARGET, "layer4", single_logit=False)
    assert np.array_equal(twice.coarse, whole.coarse)


def test_a_list_of_modules_stands_for_its_last() -> None:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 3)])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                x = block(x)
            return x.mean((2, 3))

    model, x = Listed(), torch.randn(1, 1, 8, 8)
    listed, last = (grad_cam(model, x, 1, layer, single_logit=False) for layer in ("blocks", "blocks.1"))
    assert np.array_equal(listed.coarse, last.coarse)


def test_the_model_is_left_as_it_was_and_needs_no_mode() -> None:
    model, x = pretrained_like("resnet18")
    expected = grad_cam(model, x, TARGET, "layer4", single_logit=False)
    model.train()
    before = state_of(model)
    with torch.inference_mode():
        found = grad_cam(model, x, TARGET, "layer4", single_logit=False)
    assert same_state(before, state_of(model))
    assert np.array_equal(found.coarse, expected.coarse)


def test_what_is_no_map_is_refused() -> None:
    model, x = our_cnn()
    with pytest.raises(InsightError, match="puts out no maps"):
        grad_cam(model, x, TARGET, "hidden1", single_logit=False)
    with pytest.raises(InsightError, match="needs a layer"):
        grad_cam(model, x, TARGET, "conv99", single_logit=False)
    with pytest.raises(ConfigError, match="class is out of range"):
        grad_cam(model, x, 10, "conv3", single_logit=False)


def test_a_layer_beside_the_way_to_the_score_is_refused() -> None:
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.unused(x)
            return self.used(x).mean((2, 3))

    with pytest.raises(InsightError, match="does not depend on unused"):
        grad_cam(Beside(), torch.randn(1, 1, 5, 5), 0, "unused", single_logit=False)
