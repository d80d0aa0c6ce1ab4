import pytest

from core.models.backbones import preprocessing_of
from core.models.outline import outline_of
from core.models.saved_build import empty_network
from core.models.saved_model import HeadConfig, SavedFineTuned


def saved(name: str, head: HeadConfig | None = None) -> SavedFineTuned:
    return SavedFineTuned(name, head or HeadConfig(), preprocessing_of(name), ("a", "b", "c"), False)


@pytest.mark.parametrize("name", ["densenet121", "efficientnet_lite0", "squeezenet1_1"])
def test_its_blocks_add_up_to_the_network(name: str) -> None:
    outline = outline_of(saved(name, HeadConfig((500,))))
    sizes = [parameter.numel() for parameter in empty_network(saved(name, HeadConfig((500,)))).parameters()]
    assert outline.parameters == sum(sizes) == outline.walk.parameters
    assert outline.trainable(len(outline.blocks)) == outline.parameters
    assert outline.trainable(1) == outline.sizes[-1]


def test_the_lectures_head_on_densenet() -> None:
    """Linear 1024 -> 500, ReLU, linear 500 -> 3."""
    outline = outline_of(saved("densenet121", HeadConfig((500,))))
    assert outline.trainable(1) == 1024 * 500 + 500 + 500 * 3 + 3
    first = outline.walk.rows[outline.first_trained_row(2)]
    assert first.name.startswith("features.denseblock4.denselayer1")
    head = outline.walk.rows[outline.first_trained_row(1)]
    assert head.name == "classifier.0"
    assert outline.first_trained_row(len(outline.blocks)) == 0


def test_the_same_network_is_traced_once() -> None:
    assert outline_of(saved("resnet18")) is outline_of(saved("resnet18"))
