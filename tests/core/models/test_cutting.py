import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.models.backbones import backbone_names, load_backbone, preprocessing_of
from core.models.cutting import Cuttable, cut, cuttable
from core.models.heads import find_head, replace_head
from core.models.weights_file import model_on_meta
from core.workspace import Workspace
from tests.core.models.families import smallest_of_each_family

NAMES = (
    "densenet121",
    "resnet18",
    "mobilenet_v3_small",
    "efficientnet_lite0",
    "vgg11",
    "convnext_tiny",
    "vit_b_16",
    "squeezenet1_1",
)


def on_meta(name: str) -> Cuttable:
    model = model_on_meta(name)
    return cuttable(model, preprocessing_of(name).shape, find_head(model).name)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_prefix_and_suffix_compute_what_the_network_does(workspace: Workspace, name: str) -> None:
    """Cut before the head, before the last block, and before all but the first, to the bit."""
    model = load_backbone(workspace, name, seed=0).model
    network = cuttable(model, preprocessing_of(name).shape, find_head(model).name)
    x = torch.randn(1, *preprocessing_of(name).shape)
    with torch.inference_mode():
        expected = model(x.clone())
        for trained in (1, 2, len(network.blocks) - 1):
            prefix, suffix = cut(network, trained)
            between = prefix(x.clone())
            assert tuple(between.shape[1:]) == network.blocks[-trained].receives
            assert torch.equal(suffix(between), expected)


def test_both_parts_share_the_parameters_and_modules_of_the_network() -> None:
    torch.manual_seed(0)
    model = Small().train()
    prefix, suffix = cut(cuttable(model, (3, 8, 8), "head"), 2)
    assert model.training
    own = dict(model.named_parameters())
    for part, names in ((prefix, {"stem"}), (suffix, {"deep", "head"})):
        parameters = dict(part.named_parameters())
        assert {name.partition(".")[0] for name in parameters} == names
        assert all(parameters[name] is own[name] for name in parameters)
    assert suffix.get_submodule("deep.0.norm") is model.deep[0].norm
    before = model.head.weight.clone()
    optimizer = torch.optim.SGD(suffix.parameters(), lr=1.0)
    suffix(prefix(torch.randn(4, 3, 8, 8))).square().sum().backward()
    optimizer.step()
    assert not torch.equal(model.head.weight, before)


def test_blocks_hold_every_parameter_once_and_the_head_is_last() -> None:
    for name in NAMES:
        model = model_on_meta(name)
        blocks = on_meta(name).blocks
        names = [parameter for block in blocks for parameter in block.parameters]
        assert sorted(names) == sorted(dict(model.named_parameters()))
        assert blocks[-1].name == find_head(model).name
        assert len(blocks[-1].parameters) == 2


def test_blocks_are_those_of_the_papers() -> None:
    assert [block.name for block in on_meta("densenet121").blocks] == [
        "features.conv0",
        "features.denseblock1",
        "features.transition1",
        "features.denseblock2",
        "features.transition2",
        "features.denseblock3",
        "features.transition3",
        "features.denseblock4",
        "classifier",
    ]
    resnet = [block.name for block in on_meta("resnet18").blocks]
    assert resnet == ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"]
    lite = on_meta("efficientnet_lite0").blocks
    assert [block.name for block in lite[-3:]] == ["blocks.15", "head", "classifier"]
    assert "features.norm5.weight" in on_meta("densenet121").blocks[-2].parameters


def test_it_is_cut_where_least_has_to_be_kept_and_before_dropout() -> None:
    """Behind the pooling, and not behind the dropout, which trains with the head."""
    assert on_meta("efficientnet_lite0").blocks[-1].receives == (1280,)
    prefix, suffix = cut(on_meta("efficientnet_lite0"), 1)
    assert any(isinstance(module, nn.Dropout) for module in suffix.modules())
    assert not any(isinstance(module, nn.Dropout) for module in prefix.modules())
    assert on_meta("vgg11").blocks[1].receives == (64, 112, 112)


def test_a_new_head_is_the_last_block(workspace: Workspace) -> None:
    model = load_backbone(workspace, "resnet18", seed=0).model
    head = find_head(model).name
    replace_head(model, nn.Sequential(nn.Linear(512, 20), nn.ReLU(), nn.Dropout(0.5), nn.Linear(20, 3)))
    network = cuttable(model, (3, 224, 224), head)
    assert network.blocks[-1].name == head
    assert len(network.blocks[-1].parameters) == 4
    _, suffix = cut(network, 1)
    assert suffix(torch.randn(2, 512)).shape == (2, 3)
    assert set(suffix.state_dict()) <= set(model.state_dict())


def test_what_is_changed_in_place_stays_right() -> None:
    torch.manual_seed(0)
    model = Small().eval()
    network = cuttable(model, (3, 8, 8), "head")
    x = torch.randn(2, 3, 8, 8)
    for trained in (1, 2):
        prefix, suffix = cut(network, trained)
        assert torch.equal(suffix(prefix(x.clone())), model(x.clone()))


def test_a_network_that_decides_by_its_values_is_refused() -> None:
    class Deciding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(x.mean((2, 3))) if x.sum() > 0 else self.head(x.amax((2, 3)))

    with pytest.raises(ConfigError, match="can't be cut"):
        cuttable(Deciding(), (3, 8, 8), "head")


@pytest.mark.slow
def test_one_of_every_family_can_be_cut_before_its_head() -> None:
    names = smallest_of_each_family(backbone_names()[1:])
    assert len(names) > 20
    for name in names:
        model = model_on_meta(name)
        blocks = cuttable(model, preprocessing_of(name).shape, find_head(model).name).blocks
        assert len(blocks) >= 3, name
        held = [parameter for block in blocks for parameter in block.parameters]
        own = [key for key in dict(model.named_parameters()) if not key.lower().startswith("aux")]
        assert sorted(held) == sorted(own), name


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.norm(self.conv(x)))
        y += x
        return self.relu(y)


class Small(nn.Module):
    """A stem, a residual block and a head, with in-place operations at the places to cut at."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.deep = nn.Sequential(Residual())
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.deep(self.stem(x))
        x = nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.head(nn.functional.relu(x, inplace=True))
