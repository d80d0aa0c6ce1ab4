"""A fine-tuning as one plain PyTorch script: the lecture's way, with the whole network in every epoch."""

from collections.abc import Collection, Sequence
from pathlib import Path

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.models import efficientnet_lite
from core.models.cutting import Block
from core.models.heads import find_head
from core.models.outline import outline_of
from core.models.saved_model import SavedFineTuned
from core.models.weights import LITE0, find_weights, published_weights
from core.models.weights_file import model_on_meta
from core.training.config import Precision, Schedule
from core.training.fine_tune_config import FineTuneConfig
from core.training.plan import MOMENTUM
from core.training.script import (
    DATA_LINES,
    EVALUATE_LINES,
    batch_lines,
    factor_of,
    loop_lines,
    objective_lines,
    optimizer_of,
    upright_lines,
)
from core.workspace import Workspace


def fine_tune_script(workspace: Workspace, config: FineTuneConfig, dataset: Dataset, split: Split) -> str:
    """A program that fine-tunes as this run does in float32, and prints the same numbers up to rounding.

    It runs the frozen part in every epoch. With augmentation it makes the same kinds of changes with
    torchvision, but new ones in each epoch, where the run has a number of views.

    Raises:
        ConfigError: there is no such backbone.
    """
    saved = SavedFineTuned(
        config.backbone, config.head, config.preprocessing, config.classes, config.is_single_logit
    )
    blocks = outline_of(saved).blocks
    precision = (
        Precision.FLOAT32 if config.training.precision is Precision.AUTO else config.training.precision
    )
    parts = [
        _head(config, dataset, split),
        _read(config, dataset),
        DATA_LINES,
        batch_lines(config.augmentation, channels_last=True),
        objective_lines(config.training, len(config.classes)),
        EVALUATE_LINES,
        _network(workspace, config),
        _freezing(config, blocks),
        _optimizer(config, blocks),
        loop_lines(config.training, precision, begin="begin_epoch(epoch)", schedule=_schedule(config)),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(config: FineTuneConfig, dataset: Dataset, split: Split) -> str:
    title = " ".join(config.name.split()).replace("\\", "/").replace('"', "'")
    transforms = "" if config.augmentation.is_off else "from torchvision.transforms import v2\n"
    math = "" if config.training.schedule is Schedule.CONSTANT else "import math\n"
    torchvision = "" if config.backbone == LITE0 else "import torchvision\n"
    receives = config.preprocessing
    return f'''
"""{title}: written by ConvNet Workbench. Needs torch, torchvision, numpy and pillow."""

import json
{math}from pathlib import Path

import numpy as np
import torch
{torchvision}from PIL import Image, ImageOps
from torch import nn
{transforms}
DATA = Path({str(dataset.folder)!r})
SPLIT = DATA / "splits" / "{split.id}.json"
CLASSES = {list(config.classes)!r}
SHORT_SIDE, HEIGHT, WIDTH = {receives.resize}, {receives.crop}, {receives.crop}
MEAN, STD = {list(receives.mean)}, {list(receives.std)}
EPOCHS, BATCH_SIZE, SEED = {config.training.epochs}, {config.training.batch_size}, {config.training.seed}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
'''


def _read(config: FineTuneConfig, dataset: Dataset) -> str:
    draft = ["    picture.draft(None, (2 * SHORT_SIDE, 2 * SHORT_SIDE))  # a large JPEG is decoded smaller"]
    body = "\n".join(upright_lines(dataset, draft))
    resampling = config.preprocessing.interpolation.name
    return f'''
def read(path):
    """One picture, upright, its short side resized and its middle cut out, as uint8 (H, W, 3)."""
{body}
    picture = picture.convert("RGB")
    long_side = int(SHORT_SIDE * max(picture.size) / min(picture.size))
    width, height = (SHORT_SIDE, long_side) if picture.width <= picture.height else (long_side, SHORT_SIDE)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.{resampling})
    left, top = round((width - WIDTH) / 2), round((height - HEIGHT) / 2)
    return np.asarray(picture.crop((left, top, left + WIDTH, top + HEIGHT)))
'''


def _network(workspace: Workspace, config: FineTuneConfig) -> str:
    found = find_head(model_on_meta(config.backbone))
    layers: list[str] = []
    width, make = found.features, "nn.Conv2d({}, {}, 1)" if found.is_convolution else "nn.Linear({}, {})"
    for units in config.head.hidden:
        layers += [make.format(width, units), "nn.ReLU()", f"nn.Dropout({config.head.dropout!r})"]
        width = units
    layers.append(make.format(width, config.outputs))
    outer, _, last = found.name.rpartition(".")
    place = f'model.get_submodule("{outer}")' if outer else "model"
    head = "".join(f"    {layer},\n" for layer in layers)
    return f"""
{_backbone(workspace, config)}
torch.manual_seed(SEED)
head = nn.Sequential(
{head})
setattr({place}, "{last}", head)
model = model.to(DEVICE).to(memory_format=torch.channels_last)
"""


def _backbone(workspace: Workspace, config: FineTuneConfig) -> str:
    seed = config.weights_seed
    lines = "" if seed is None else f"torch.manual_seed({seed})  # untrained weights\n"
    if config.backbone == LITE0:
        source = Path(efficientnet_lite.__file__).read_text(encoding="utf-8").strip()
        lines = f"{source}\n\n\n{lines}model = EfficientNetLite0()"
        if seed is None:
            path = str(find_weights(workspace, LITE0).path)
            lines += f"\nmodel.load_state_dict(renamed(torch.load({path!r}, weights_only=True)))"
        return lines
    weights = None if seed is not None else published_weights(config.backbone).name
    return f"{lines}model = torchvision.models.get_model({config.backbone!r}, weights={weights!r})"


def _freezing(config: FineTuneConfig, blocks: tuple[Block, ...]) -> str:
    trained = blocks[len(blocks) - config.trained_blocks(len(blocks)) :]
    everything = {name for block in blocks for name in _parts(block)}
    listed = "".join(f"    {_prefixes(_parts(block), everything)!r},\n" for block in reversed(trained))
    number = "len(BLOCKS)"
    if config.unfreeze_every is not None:
        number = f"1 + (epoch - 1) // {config.unfreeze_every}  # gradual unfreezing"
    return f'''
# What trains, from the head backwards; all other parts stay as they are.
BLOCKS = [
{listed}]


def begin_epoch(epoch):
    """Freeze what doesn't train: no gradients, and batch norm and dropout as in evaluation."""
    number = {number}
    learning = tuple(name for block in BLOCKS[:number] for name in block)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = f"{{name}}.".startswith(learning)
    for name, module in model.named_modules():
        module.training = f"{{name}}.".startswith(learning)
        if isinstance(module, nn.BatchNorm2d) and module.training:
            module.momentum = max(module.momentum, {MOMENTUM})
'''


def _parts(block: Block) -> list[str]:
    """Its modules, and its parameters that stand in none of them."""
    bare = [name for name in block.parameters if name.rpartition(".")[0] not in block.modules]
    return [*block.modules, *bare]


def _prefixes(names: Sequence[str], everything: Collection[str]) -> tuple[str, ...]:
    """The outermost modules, with a dot behind, that hold `names` and nothing else of `everything`."""
    own = set(names)
    found: dict[str, None] = {}
    for name in names:
        parts = name.split(".")
        prefixes = (".".join(parts[:depth]) + "." for depth in range(1, len(parts) + 1))
        for prefix in prefixes:
            if {other for other in everything if f"{other}.".startswith(prefix)} <= own:
                found[prefix] = None
                break
    return tuple(found)


def _optimizer(config: FineTuneConfig, blocks: tuple[Block, ...]) -> str:
    trained = config.trained_blocks(len(blocks))
    rates = [config.training.learning_rate] + [config.backbone_rate] * (trained - 1)
    return f"""
RATES = {rates!r}  # of each block


def parameters_of(block):
    return [parameter for name, parameter in model.named_parameters() if f"{{name}}.".startswith(block)]


groups = [{{"params": parameters_of(block), "lr": rate}} for block, rate in zip(BLOCKS, RATES)]
optimizer = {optimizer_of(config.training, "groups")}
"""


def _schedule(config: FineTuneConfig) -> str:
    training, warm_up = config.training, config.warm_up
    if training.schedule is Schedule.CONSTANT and not warm_up:
        return ""
    lines = ["progress = (epoch - 1 + number / len(batches)) / EPOCHS"]
    after = "progress"
    if warm_up:
        after = f"((progress - {warm_up} / EPOCHS) / (1 - {warm_up} / EPOCHS))"
    factor = factor_of(training, after, warm_up=warm_up)
    if warm_up:
        lines += [
            f"if progress < {warm_up} / EPOCHS:  # warm-up",
            f"    factor = 0.01 + 0.99 * progress * EPOCHS / {warm_up}",
            "else:",
            f"    factor = {factor}",
        ]
    else:
        lines.append(f"factor = {factor}")
    lines += ["for group, rate in zip(optimizer.param_groups, RATES):", '    group["lr"] = rate * factor']
    return "".join(f"\n        {line}" for line in lines)
