import pytest

from core.figures.stages import stages_of, title
from core.layers.convolution import Conv2d
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.models.registry import walk_model
from core.models.walk import Walk
from tests.core.figures.networks import Rows, deep, u_net


def names(found: Walk, most: int = 18) -> list[str]:
    return [stage.name for stage in stages_of(found, most)]


def test_a_short_network_has_a_stage_for_each_layer_that_makes_a_shape():
    preset = PRESETS["lecture"]
    found = walk(preset.config, (1, 100, 100), 1)
    stages = stages_of(found)
    assert [stage.name for stage in stages] == ["conv1", "pool1", "conv2", "pool2", "flatten", "output"]
    assert [stage.rows for stage in stages[:2]] == [(0, 1), (2,)]  # the activation goes with its convolution


def test_a_long_network_is_folded_into_its_modules():
    assert names(deep(8)) == [*(f"blocks.{i}" for i in range(8)), "flatten", "head"]
    assert len(names(deep(8), most=100)) == 26


def test_neighbours_of_one_shape_are_folded_where_there_are_no_modules():
    found = names(deep(8, "conv{}_{}"))
    assert found[0] == "conv0_0–2"
    assert found[-2:] == ["flatten", "head"]
    assert len(found) == 10


def test_no_network_has_more_stages_than_asked_for():
    net = Rows((1, 16, 16))
    for layer in range(200):
        net.add(f"conv{layer}", Conv2d(layer or 1, layer + 1, (1, 1)))
    stages = stages_of(net.walk)
    assert 9 <= len(stages) <= 18
    assert sorted(i for stage in stages for i in stage.rows) == list(range(200))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "side", "expected"),
    [
        ("resnet50", 224, ["conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool"]),
        ("densenet121", 224, ["features.conv0", "features.pool0", "features.denseblock1"]),
        ("vgg16", 224, ["features.0–2", "features.4", "features.5–7", "features.9", "features.10–14"]),
        ("inception_v3", 299, ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1"]),
        ("maxvit_t", 224, ["stem.0", "stem.1", "blocks.0.layers.0", "blocks.0.layers.1"]),
    ],
)
def test_stages_of_known_networks(model: str, side: int, expected: list[str]):
    found = walk_model(model, (3, side, side))
    stages = stages_of(found)
    assert [stage.name for stage in stages[: len(expected)]] == expected
    assert len(stages) <= 18
    rows = sorted(i for stage in stages for i in stage.rows)
    trained = [i for i, row in enumerate(found.rows) if row.name != "AuxLogits"]
    assert rows == trained


@pytest.mark.slow
def test_maps_with_the_channels_last_are_turned_for_the_drawing():
    found = walk_model("swin_t", (3, 224, 224))
    assert [stage.shape for stage in stages_of(found)][:4] == [
        (96, 56, 56),
        (96, 56, 56),
        (192, 28, 28),
        (192, 28, 28),
    ]
    tokens = stages_of(walk_model("vit_b_32", (3, 224, 224)))
    assert [stage.shape for stage in tokens[:3]] == [(768, 7, 7), (768, 50), (768, 50)]


def test_upsampling_and_concatenation_are_stages():
    stages = stages_of(u_net())
    assert [(stage.name, stage.kind) for stage in stages][5:8] == [
        ("up2", "convolution"),
        ("concat", "concatenation"),
        ("conv2", "convolution"),
    ]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("layer2.0.conv1", "conv1"),
        ("features.3", "features.3"),
        ("net.features.3–5", "features.3–5"),
        ("residual3.main.conv", "conv3"),
        ("fc", "fc"),
    ],
)
def test_titles(name: str, short: str):
    assert title(name) == short
