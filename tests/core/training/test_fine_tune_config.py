from dataclasses import replace

import pytest

from core.data.augmentation_config import Augmentation
from core.errors import ConfigError
from core.models.saved_model import HeadConfig
from core.records import from_json, to_json
from core.training.config import CnnRunConfig, Loss, TrainingConfig
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.run_config import learns_in_epochs, run_config

CONFIG = FineTuneConfig("Run", "data", "split", ("cat", "dog"), "densenet121")


def test_it_survives_json_and_is_told_by_its_kind() -> None:
    config = replace(
        CONFIG,
        weights="random-7",
        head=HeadConfig((500,), 0.2),
        trains=Trains.BLOCKS,
        blocks=2,
        unfreeze_every=3,
        training=TrainingConfig(loss=Loss.SINGLE_LOGIT),
        augmentation=Augmentation(horizontal_flip=True),
    )
    assert from_json(FineTuneConfig, to_json(config)) == config
    assert run_config(to_json(config)) == config
    assert learns_in_epochs(to_json(config))
    assert (config.weights_seed, config.outputs, config.cached_views) == (7, 1, 4)
    assert (CONFIG.weights_seed, CONFIG.outputs, CONFIG.cached_views) == (None, 2, 1)


def test_other_kinds_are_refused() -> None:
    assert CnnRunConfig.kind != FineTuneConfig.kind
    with pytest.raises(ConfigError, match="doesn't learn in epochs"):
        run_config({"kind": "features"})
    assert not learns_in_epochs({})


@pytest.mark.parametrize(
    ("trains", "blocks", "expected"),
    [
        (Trains.HEAD, 1, 1),
        (Trains.BLOCKS, 1, 2),
        (Trains.BLOCKS, 3, 4),
        (Trains.BLOCKS, 99, 6),
        (Trains.ALL, 1, 6),
    ],
)
def test_blocks_are_counted_from_the_end_with_the_head(trains: Trains, blocks: int, expected: int) -> None:
    config = replace(CONFIG, trains=trains, blocks=blocks)
    assert config.trained_blocks(6) == expected
    assert config.blocks_in(1, 6) == expected


def test_gradual_unfreezing_adds_a_block_every_few_epochs() -> None:
    config = replace(CONFIG, trains=Trains.BLOCKS, blocks=2, unfreeze_every=2)
    assert [config.blocks_in(epoch, 6) for epoch in range(1, 8)] == [1, 1, 2, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": "random"}, "no such weights"),
        ({"classes": ("cat",)}, "nothing to tell apart"),
        ({"warm_up": 10}, "warm-up takes all epochs"),
        ({"views": 0}, "number of views"),
        ({"blocks": 0}, "number of blocks"),
        ({"backbone_rate": 0.0}, "learning rate of the backbone"),
        ({"unfreeze_every": 0}, "epochs between two blocks"),
        ({"classes": ("a", "b", "c"), "training": TrainingConfig(loss=Loss.SINGLE_LOGIT)}, "single logit"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(CONFIG, **changes)


def test_slower_divides_both_rates() -> None:
    slower = CONFIG.slower(10)
    assert slower.training.learning_rate == CONFIG.training.learning_rate / 10
    assert slower.backbone_rate == CONFIG.backbone_rate / 10
