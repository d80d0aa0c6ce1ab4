"""The script of a fine-tuning, run without the app, beside the run itself."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.models.saved_model import HeadConfig
from core.training.config import Optimizer, Schedule
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_run import train_fine_tuned
from core.training.fine_tune_script import fine_tune_script
from core.workspace import Workspace
from tests.core.training.test_script import numbers_of
from tests.fine_tuning import small_fine_tuning
from tests.scripts import said_alone, said_here

CASES = {
    "head": (
        "efficientnet_lite0",
        {"head": HeadConfig((20,)), "schedule": Schedule.COSINE, "warm_up": 1, "epochs": 2},
    ),
    "blocks": (
        "shufflenet_v2_x0_5",  # it has no dropout, whose draws depend on the layout
        {
            "weights": "random-3",
            "trains": Trains.BLOCKS,
            "blocks": 2,
            "unfreeze_every": 1,
            "schedule": Schedule.STEP,
            "optimizer": Optimizer.SGD,
            "learning_rate": 0.01,
            "class_weights": True,
        },
    ),
}


def script(workspace: Workspace, config: FineTuneConfig, dataset: Dataset) -> str:
    return fine_tune_script(workspace, config, dataset, current_split(dataset))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_script_fine_tunes_as_the_run_does(
    workspace: Workspace, few_digits: Dataset, tmp_path: Path, case: str
) -> None:
    backbone, settings = CASES[case]
    config = small_fine_tuning(few_digits, backbone, **settings)
    run = tmp_path / "run"
    run.mkdir()
    ours = train_fine_tuned(workspace, config, run).outcome.history
    said_by = said_alone if case == "head" else said_here
    theirs = numbers_of(said_by(script(workspace, config, few_digits), tmp_path / "plain"))
    for record, numbers in zip(ours, theirs, strict=True):
        expected = [record.train_loss, record.train_accuracy, record.valid_loss, record.valid_accuracy]
        assert numbers == pytest.approx(expected, abs=5e-3)
    plain = torch.load(tmp_path / "plain" / "best.pt", weights_only=True)
    best = torch.load(run / "best.pt", weights_only=True)
    assert plain.keys() == best.keys()
    assert all(torch.allclose(plain[name].float(), best[name].float(), atol=1e-2) for name in best)


def test_it_freezes_all_but_the_blocks_that_train(workspace: Workspace, few_digits: Dataset) -> None:
    config = small_fine_tuning(few_digits, "densenet121", trains=Trains.BLOCKS, blocks=2)
    source = script(workspace, config, few_digits)
    assert "torchvision.models.get_model('densenet121', weights='IMAGENET1K_V1')" in source
    assert "('features.denseblock4.', 'features.norm5.')" in source
    assert "('features.transition3.',)" in source
    assert "denseblock3" not in source


@pytest.mark.parametrize("backbone", ["vit_b_16", "resnet18", "vgg11", "googlenet", "efficientnet_lite0"])
@pytest.mark.parametrize("trains", [Trains.BLOCKS, Trains.ALL])
def test_what_it_lets_train_is_what_the_run_does(
    workspace: Workspace, few_digits: Dataset, backbone: str, trains: Trains
) -> None:
    """The prefixes of names in the script, held against the blocks."""
    from core.models.outline import outline_of
    from core.models.saved_build import empty_network
    from core.models.saved_model import SavedFineTuned

    config = small_fine_tuning(few_digits, backbone, weights="random-0", trains=trains)
    saved = SavedFineTuned(backbone, config.head, config.preprocessing, config.classes, False)
    source = script(workspace, config, few_digits)
    listed = eval(source.split("BLOCKS = ")[1].split("]\n")[0] + "]")
    prefixes = tuple(prefix for block in listed for prefix in block)
    blocks = outline_of(saved).blocks
    trained = blocks[len(blocks) - config.trained_blocks(len(blocks)) :]
    names = {name for name, _ in empty_network(saved).named_parameters()}
    found = {name for name in names if f"{name}.".startswith(prefixes)}
    assert found == {name for block in trained for name in block.parameters}


def test_with_augmentation_it_makes_the_same_kinds_of_changes(
    workspace: Workspace, few_digits: Dataset
) -> None:
    config = replace(small_fine_tuning(few_digits), augmentation=Augmentation(True, rotation=10))
    source = script(workspace, config, few_digits)
    assert "RandomHorizontalFlip" in source
    assert "RandomRotation" in source
    compile(source, "train.py", "exec")
