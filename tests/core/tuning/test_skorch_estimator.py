"""The estimator trains as a run does, and as a plain loop; and scikit-learn can set it and clone it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_score
from torch import nn

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.pixel_cache import cache_path
from core.models.cnn import build_cnn
from core.training.batches import Batcher
from core.training.checkpoint import CheckpointFolder
from core.training.config import CnnRunConfig, Loss, Optimizer, Precision, Schedule
from core.training.execution import Execution
from core.training.history import Hooks
from core.training.loop import train
from core.training.objective import make_objective
from core.training.run_data import RunData, open_run_data
from core.tuning.skorch_estimator import estimator
from core.workspace import Workspace
from tests.digits import import_folder, small_run
from tests.threads import one_thread

__all__ = ["one_thread"]

CPU = torch.device("cpu")


def net_of(workspace: Workspace, config: CnnRunConfig, data: RunData, **settings):
    channels, height, width = config.preprocessing.shape
    path = cache_path(workspace, data.dataset, config.preprocessing)
    net = estimator(config, path, (len(data.dataset.pictures), height, width, channels))
    return net.set_params(**settings)


def trained_by_the_app(config: CnnRunConfig, data: RunData, folder: Path) -> nn.Module:
    """By the loop of a run, in float32."""
    torch.manual_seed(config.training.seed)
    model = build_cnn(config.cnn, config.preprocessing.shape, config.outputs)
    train(
        model.to(memory_format=torch.channels_last),
        data.train,
        data.valid,
        config.training,
        config.augmentation,
        batcher=Batcher(config.preprocessing, CPU),
        objective=make_objective(config.training, data.train.labels, len(config.classes), CPU),
        execution=Execution(
            "cpu", Precision.FLOAT32, True, torch.get_num_threads(), config.training.batch_size
        ),
        checkpoints=CheckpointFolder(folder),
        hooks=Hooks(),
    )
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    "training",
    [
        {"schedule": Schedule.COSINE, "weight_decay": 1e-3, "gradient_clip": 1.0, "class_weights": True},
        {"optimizer": Optimizer.SGD, "schedule": Schedule.STEP, "epochs": 3, "batch_size": 29},
    ],
)
def test_it_trains_as_a_run_does(
    workspace: Workspace, digits: Dataset, tmp_path: Path, training: dict
) -> None:
    """With dropout, batch norm, and a last batch of one picture that joins the one before it."""
    config = small_run(digits, **training)
    data = open_run_data(workspace, config)
    net = net_of(workspace, config, data).fit(data.train.rows, data.train.labels)
    theirs = trained_by_the_app(config, data, tmp_path).state_dict()
    ours = net.module_.cnn.state_dict()
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_single_logit_trains_as_a_run_does(
    workspace: Workspace, tmp_path: Path, imported_digits: Dataset
) -> None:
    two = tmp_path / "two"
    for picture in imported_digits.pictures:
        if picture.label in "01":
            target = two / picture.label / picture.name.split("/")[-1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(imported_digits.path(picture).read_bytes())
    dataset = import_folder(workspace, two, "Two")
    config = small_run(dataset, loss=Loss.SINGLE_LOGIT, class_weights=True)
    data = open_run_data(workspace, config)
    net = net_of(workspace, config, data).fit(data.train.rows, data.train.labels)
    (tmp_path / "run").mkdir()
    theirs = trained_by_the_app(config, data, tmp_path / "run").state_dict()
    for name, values in net.module_.cnn.state_dict().items():
        torch.testing.assert_close(values, theirs[name], rtol=1e-3, atol=1e-4)
    assert net.score(data.valid.rows, data.valid.labels) > 0.9
    assert net.predict_proba(data.valid.rows).shape == (len(data.valid), 2)


@pytest.mark.slow
def test_it_trains_as_a_plain_loop_does(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits, epochs=1)
    data = open_run_data(workspace, config)
    net = net_of(workspace, config, data).fit(data.train.rows, data.train.labels)
    torch.manual_seed(0)
    model = build_cnn(config.cnn, config.preprocessing.shape, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    torch.manual_seed(1)
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(1))
    batches = list(order.split(32))
    if len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    for positions in batches:
        raw = data.train.pixels.read(data.train.rows[positions.numpy()])
        x = (torch.from_numpy(raw).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
        loss = nn.functional.cross_entropy(model(x), torch.from_numpy(data.train.labels[positions.numpy()]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for ours, theirs in zip(net.module_.cnn.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_cross_validation_equals_folds_by_hand(workspace: Workspace, digits: Dataset) -> None:
    """Also in the other order: a fit depends on nothing that came before it."""
    config = replace(
        small_run(digits, epochs=1), augmentation=Augmentation(rotation=10.0, horizontal_flip=True)
    )
    data = open_run_data(workspace, config)
    rows, labels = data.train.rows, data.train.labels
    net, folds = net_of(workspace, config, data), StratifiedKFold(3)
    by_hand = []
    for fitted, judged in reversed(list(folds.split(rows, labels))):
        fold = clone(net).fit(rows[fitted], labels[fitted])
        by_hand.append(float((fold.predict(rows[judged]) == labels[judged]).mean()))
    assert cross_val_score(net, rows, labels, cv=folds).tolist() == pytest.approx(by_hand[::-1])


@pytest.mark.slow
def test_the_example_of_the_readme_runs(workspace: Workspace, digits: Dataset) -> None:
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```py\n(.+?)```", readme, re.DOTALL)
    config = small_run(digits, epochs=1)
    names = {"workspace": workspace, "digits": digits, "config": config, "pictures": config.preprocessing}
    exec(code, names)
    assert names["search"].best_score_ > 0.1


def test_its_parameters_are_set_in_scikit_learns_way(workspace: Workspace, digits: Dataset) -> None:
    config = small_run(digits, epochs=1)
    data = open_run_data(workspace, config)
    settings = {"lr": 0.5, "batch_size": 16, "optimizer__weight_decay": 0.25, "module__filters": 4}
    net = clone(net_of(workspace, config, data, **settings))
    net.initialize()
    (group,) = net.optimizer_.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    assert net.module_.cnn.conv1.out_channels == 4
    assert net.module_.cnn.conv2.out_channels == 8
    assert net.get_dataset(data.train.rows, data.train.labels).pixels.base is not None  # mapped, not read
