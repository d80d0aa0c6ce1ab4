import copy

import pytest
import torch
from torch import fx, nn

from core.models.backbones import load_backbone, preprocessing_of
from core.models.cutting import cut, cuttable
from core.models.folding import folded
from core.models.heads import find_head
from core.workspace import Workspace


def randomized(model: nn.Module) -> nn.Module:
    """Statistics and scales that are not those of a fresh batch norm."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.weight.data, module.running_var):
                value.uniform_(0.5, 1.5)
            for value in (module.bias.data, module.running_mean):
                value.normal_(0, 0.2)
    return model.eval()


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "left"), [("efficientnet_lite0", 0), ("resnet18", 0), ("densenet121", 62), ("squeezenet1_1", 0)]
)
def test_it_computes_the_same_with_fewer_layers(workspace: Workspace, name: str, left: int) -> None:
    """DenseNet normalizes before it convolves: half of its batch norms have no convolution before them."""
    model = randomized(load_backbone(workspace, name, seed=0).model)
    prefix, _ = cut(cuttable(model, preprocessing_of(name).shape, find_head(model).name), 1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    light = folded(copy.deepcopy(prefix).eval())
    assert norms(light) == left
    x = torch.randn(2, 3, 96, 96) if name != "efficientnet_lite0" else torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        expected, found = prefix(x), light(x)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.abs().max().item())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


class Shared(nn.Module):
    """A convolution whose output is taken twice, and one that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.norm = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)
        self.reused, self.other = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.taken(x)
        x = x + self.norm(x)
        return self.other(self.reused(self.reused(x)))


def test_what_is_used_twice_stays_as_it_is() -> None:
    model = randomized(Shared())
    light = folded(copy.deepcopy(fx.symbolic_trace(model)).eval())
    x = torch.randn(2, 2, 4, 4)
    assert norms(light) == 2
    assert torch.allclose(light(x), model(x))
