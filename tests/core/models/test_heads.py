import pytest
import torch
from torch import nn
from torchvision.models import get_model_builder

from core.errors import ConfigError
from core.models.backbones import backbone_names
from core.models.heads import FoundHead, find_head, replace_head
from core.models.weights_file import model_on_meta

EXPECTED = {
    "densenet121": FoundHead("classifier", 1024, 1000, False),
    "resnet18": FoundHead("fc", 512, 1000, False),
    "vgg11": FoundHead("classifier.6", 4096, 1000, False),
    "squeezenet1_1": FoundHead("classifier.1", 512, 1000, True),
    "mobilenet_v3_small": FoundHead("classifier.3", 1024, 1000, False),
    "vit_b_16": FoundHead("heads.head", 768, 1000, False),
    "inception_v3": FoundHead("fc", 2048, 1000, False),
    "efficientnet_lite0": FoundHead("classifier", 1280, 1000, False),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_head_is_found(name: str) -> None:
    assert find_head(model_on_meta(name)) == EXPECTED[name]


def test_one_network_of_each_family_can_have_another_head() -> None:
    families = {get_model_builder(n).__module__: n for n in reversed(backbone_names()[1:])}
    for name in (backbone_names()[0], *families.values()):
        model = model_on_meta(name)
        found = find_head(model)
        assert found.classes == 1000, name
        with torch.device("meta"):
            head = nn.Conv2d(found.features, 3, 1) if found.is_convolution else nn.Linear(found.features, 3)
        replace_head(model, head)
        assert find_head(model).classes == 3
        assert model.get_submodule(found.name) is head


def test_without_a_head_it_says_so() -> None:
    with pytest.raises(ConfigError, match="no head that could be replaced"):
        find_head(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
