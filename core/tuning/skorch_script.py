"""A cross-validated search as one plain script: the same folds, networks, seeds and scores, without this
package."""

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import Split
from core.models.code import class_source
from core.training.config import Loss, Optimizer, Schedule
from core.training.script import DATA_LINES, augmentation_source, factor_of, read_source
from core.tuning.skorch_config import (
    FACTOR,
    OF_NETWORK,
    CrossValidationConfig,
    Parameters,
    Search,
    networks,
    with_parameters,
)

_SEARCHES = {
    Search.GRID: "GridSearchCV",
    Search.RANDOM: "RandomizedSearchCV",
    Search.HALVING: "HalvingRandomSearchCV",
}
_OPTIMIZERS = {Optimizer.SGD: "SGD", Optimizer.ADAM: "Adam", Optimizer.ADAMW: "AdamW"}


def search_script(config: CrossValidationConfig, dataset: Dataset, split: Split) -> str:
    """A program that searches as this search does and prints each candidate's mean and deviation.

    With augmentation it makes the same kinds of changes with torchvision, but other draws.

    Raises:
        LayerError: a network can't be built.
    """
    parts = [
        _head(config, dataset, split),
        *(_network_class(config, values) for values in networks(config)),
        _network(config),
        read_source(config.base.preprocessing, dataset),
        DATA_LINES,
        _batches(config),
        _callbacks(config),
        _estimator(config),
        _search(config, dataset, split),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _has_copies(dataset: Dataset, split: Split) -> bool:
    return len({dataset.pictures[row].key for row in split.train}) < len(split.train)


def _head(config: CrossValidationConfig, dataset: Dataset, split: Split) -> str:
    base = config.base
    title = " ".join(config.name.split()).replace("\\", "/").replace('"', "'")
    augmented, single = not base.augmentation.is_off, base.training.loss is Loss.SINGLE_LOGIT
    math = "import math\n" if base.training.schedule is not Schedule.CONSTANT else ""
    ordered = "from collections import OrderedDict\n" if any(b.residual for b in base.cnn.blocks) else ""
    clip = ", GradientNormClipping" if base.training.gradient_clip is not None else ""
    net = "NeuralNetBinaryClassifier" if single else "NeuralNetClassifier"
    folds = "StratifiedGroupKFold" if _has_copies(dataset, split) else "StratifiedKFold"
    pictures, torchvision = base.preprocessing, ", and torchvision for the augmentation" if augmented else ""
    search = f"from sklearn.model_selection import {_SEARCHES[config.search]}, {folds}\n"
    if config.search is Search.HALVING:
        search = f"from sklearn.experimental import enable_halving_search_cv\n{search}"
    return f'''
"""{title}: written by ConvNet Workbench.

Needs torch, skorch, scikit-learn, numpy and pillow{torchvision}.
"""

import json
{math}{ordered}from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from skorch import {net}
from skorch.callbacks import Callback{clip}
{search}from torch import nn
{"from torchvision.transforms import v2" if augmented else ""}
DATA = Path({str(dataset.folder)!r})
SPLIT = DATA / "splits" / "{split.id}.json"
CLASSES = {list(base.classes)!r}
HEIGHT, WIDTH = {pictures.height}, {pictures.width}
MEAN, STD = {list(pictures.mean)}, {list(pictures.std)}
SEED = {base.training.seed}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
'''


def _class_name(values: Parameters) -> str:
    parts = (f"{name.removeprefix(OF_NETWORK)}{value:g}" for name, value in values.items())
    return "_".join(["CNN", *parts]).replace(".", "").replace("-", "")


def _network_class(config: CrossValidationConfig, values: Parameters) -> str:
    base = with_parameters(config.base, values)
    return class_source(base.cnn, base.preprocessing.shape, base.outputs, _class_name(values))


def _network(config: CrossValidationConfig) -> str:
    """The module that skorch makes, which picks the network of its parameters."""
    choices = networks(config)
    names = [name.removeprefix(OF_NETWORK) for name in choices[0]]
    if names:
        lines = "".join(f"    {tuple(values.values())!r}: {_class_name(values)},\n" for values in choices)
        table = f"NETWORKS = {{  # by {', '.join(names)}\n{lines}}}\n\n\n"
        arguments = "".join(
            f", {name}={value!r}" for name, value in zip(names, choices[0].values(), strict=True)
        )
        made = f"NETWORKS[{', '.join(names)}]()" if len(names) > 1 else f"NETWORKS[({names[0]},)]()"
    else:
        table, arguments, made = "", "", f"{_class_name({})}()"
    augmented = _augmented(config.base.augmentation)
    augment = augmentation_source(config.base.augmentation) if augmented else ""
    return f'''
{table}{augment}class Network(nn.Module):
    """Pixels (B, H, W, C) of 0 to 255 -> logits."""

    def __init__(self{arguments}):
        super().__init__()
        self.cnn = {made}.to(memory_format=torch.channels_last)

    def forward(self, pixels):
        x = pixels.permute(0, 3, 1, 2).float() / 255
{augmented}        return self.cnn((x - mean) / std)
'''


def _augmented(augmentation: Augmentation) -> str:
    if augmentation.is_off:
        return ""
    return "        if self.training:\n            x = torch.stack([augment(picture) for picture in x])\n"


def _batches(config: CrossValidationConfig) -> str:
    labels = "torch.float32" if config.base.training.loss is Loss.SINGLE_LOGIT else "torch.int64"
    return f'''
class Pictures(torch.utils.data.Dataset):
    """What scikit-learn splits are rows; their pictures are taken from `pixels` batch by batch."""

    def __init__(self, rows, labels=None):
        self.rows = np.asarray(rows)
        self.labels = np.zeros(len(self.rows)) if labels is None else np.asarray(labels)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, positions):
        labels = torch.as_tensor(self.labels[positions], dtype={labels})
        return torch.from_numpy(pixels[self.rows[positions]]), labels


class Batches:
    """Shuffled anew each epoch where there is a seed; a last batch of one joins the one before it."""

    def __init__(self, pictures, batch_size, seed=None):
        self.pictures, self.batch_size, self.seed, self.epoch = pictures, batch_size, seed, 0

    def __iter__(self):
        self.epoch += 1
        order = torch.arange(len(self.pictures))
        if self.seed is not None:
            draws = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
            order = torch.randperm(len(self.pictures), generator=draws)
        batches = list(order.split(self.batch_size))
        if self.seed is not None and len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [torch.cat(batches[-2:])]
        self.count = len(batches)
        for positions in batches:
            yield self.pictures[positions.numpy()]
'''


def _callbacks(config: CrossValidationConfig) -> str:
    training = config.base.training
    parts = [
        '''class Seeds(Callback):
    """Makes a fit depend on nothing that came before it."""

    def initialize(self):
        torch.manual_seed(SEED)
        return self

    def on_epoch_begin(self, net, **kwargs):
        torch.manual_seed(SEED * 1_000_003 + len(net.history))'''
    ]
    if training.class_weights:
        target = (
            "net.criterion_.pos_weight = weights[1] / weights[0]"
            if training.loss is Loss.SINGLE_LOGIT
            else "net.criterion_.weight = weights"
        )
        parts.append(f'''class BalancedClasses(Callback):
    """Weighs each class by the inverse of its share."""

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        counts = torch.bincount(torch.as_tensor(np.asarray(y)), minlength=len(CLASSES))
        weights = len(y) / (len(CLASSES) * counts.double())
        weights = torch.where(counts > 0, weights, 1).float().to(DEVICE)
        {target}''')
    if training.schedule is not Schedule.CONSTANT:
        factor = factor_of(training, "progress")
        if training.schedule is Schedule.STEP:  # the epochs, and so the steps, differ from fit to fit
            factor = "0.1 ** math.floor(progress * net.max_epochs / -(-net.max_epochs // 3) + 1e-9)"
        parts.append(f'''class BatchSchedule(Callback):
    """Moves the learning rate from batch to batch."""

    def on_epoch_begin(self, net, dataset_train=None, **kwargs):
        count, self.batch = len(dataset_train), 0
        self.batches = -(-count // net.batch_size)
        if self.batches > 1 and count % net.batch_size == 1:
            self.batches -= 1

    def on_batch_begin(self, net, training=False, **kwargs):
        if training:
            progress = (len(net.history) - 1 + self.batch / self.batches) / net.max_epochs
            for group in net.optimizer_.param_groups:
                group["lr"] = net.lr * {factor}
            self.batch += 1''')
    return "\n\n\n".join(parts)


def _estimator(config: CrossValidationConfig) -> str:
    training = config.base.training
    single = training.loss is Loss.SINGLE_LOGIT
    callbacks = ["Seeds()"]
    if training.class_weights:
        callbacks.append("BalancedClasses()")
    if training.gradient_clip is not None:
        callbacks.append(f"GradientNormClipping({training.gradient_clip!r})")
    if training.schedule is not Schedule.CONSTANT:
        callbacks.append("BatchSchedule()")
    momentum = (
        f"\n    optimizer__momentum={training.momentum!r}," if training.optimizer is Optimizer.SGD else ""
    )
    return f"""
net = {"NeuralNetBinaryClassifier" if single else "NeuralNetClassifier"}(
    Network,
    criterion=nn.{"BCEWithLogitsLoss" if single else "CrossEntropyLoss"},
    train_split=None,{"" if single else chr(10) + "    classes=list(range(len(CLASSES))),"}
    optimizer=torch.optim.{_OPTIMIZERS[training.optimizer]},
    optimizer__weight_decay={training.weight_decay!r},{momentum}
    optimizer__fused=True,
    lr={training.learning_rate!r},
    batch_size={training.batch_size},
    max_epochs={training.epochs},
    dataset=Pictures,
    iterator_train=Batches,
    iterator_train__seed=SEED,
    iterator_valid=Batches,
    iterator_valid__batch_size=256,
    callbacks=[{", ".join(callbacks)}],
    device=DEVICE,
    verbose=0,
)
"""


def _search(config: CrossValidationConfig, dataset: Dataset, split: Split) -> str:
    copies = _has_copies(dataset, split)
    folds = f"({config.folds}, shuffle=True, random_state={config.seed})"
    if copies:
        cut = f"StratifiedGroupKFold{folds}.split(rows, labels, groups=keys)"
        keys = (
            'keys = np.array([Path(records[row]["file"]).stem for row in rows])  # copies are never apart\n'
        )
    else:
        cut, keys = f"StratifiedKFold{folds}.split(rows, labels)", ""
    grid = "".join(f"    {name!r}: {list(values)!r},\n" for name, values in config.parameters.items())
    drawn = min(config.candidates, config.combinations)
    more = {
        Search.GRID: "",
        Search.RANDOM: f"    n_iter={drawn},\n    random_state={config.seed},\n",
        Search.HALVING: (
            f"    n_candidates={drawn},\n    factor={FACTOR},\n"
            f'    resource="max_epochs",\n    max_resources={config.base.training.epochs},\n'
            f'    min_resources="exhaust",\n    random_state={config.seed},\n'
        ),
    }[config.search]
    epochs = 'results["n_resources"]' if config.search is Search.HALVING else "[net.max_epochs] * len(scores)"
    return f"""
rows = train_rows.numpy()
labels = targets[train_rows].numpy()
{keys}parameters = {{
{grid}}}
search = {_SEARCHES[config.search]}(
    net,
    parameters,
{more}    cv=list({cut}),
    refit=False,
    return_train_score=False,
)
search.fit(rows, labels)
results = search.cv_results_
scores = list(zip(results["params"], results["mean_test_score"], results["std_test_score"]))
for (values, mean, std), epochs in zip(scores, {epochs}):
    print(f"{{values}} {{epochs}} epochs: {{mean:.4f}} ± {{std:.4f}}")
print("Best:", search.best_params_)
"""
