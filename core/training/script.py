"""A run as one plain PyTorch script: the same pictures, network, seeds and steps, without this package."""

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.decoding import draft_size
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.data.splitting import Split
from core.models.code import class_source
from core.training.config import (
    CnnRunConfig,
    Loss,
    Optimizer,
    Precision,
    Schedule,
    TrainingConfig,
    step_epochs,
)
from core.training.execution import Execution

_RESIZES = {
    Resize.STRETCH: "picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
    Resize.CROP: "ImageOps.fit(picture, (WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
    Resize.PAD: "ImageOps.pad(picture, (WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
}


def training_script(
    config: CnnRunConfig, dataset: Dataset, split: Split, *, execution: Execution | None = None
) -> str:
    """A program that trains as this run does and prints the same numbers, up to rounding.

    `execution` is how this machine was measured to run it; without, float32 and channels last stand for
    that. With augmentation it makes the same kinds of changes with torchvision, but other draws.

    Raises:
        LayerError: the network can't be built.
    """
    precision = config.training.precision if execution is None else execution.precision
    channels_last = execution is None or execution.channels_last
    parts = [
        _head(config, dataset, split),
        class_source(config.cnn, config.preprocessing.shape, config.outputs),
        read_source(config.preprocessing, dataset),
        DATA_LINES,
        batch_lines(config.augmentation, channels_last=channels_last),
        objective_lines(config.training, len(config.classes)),
        EVALUATE_LINES,
        _optimizer(config.training),
        _loop(config, precision),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(config: CnnRunConfig, dataset: Dataset, split: Split) -> str:
    title = " ".join(config.name.split()).replace("\\", "/").replace('"', "'")
    ordered_dict = (
        "from collections import OrderedDict\n" if any(b.residual for b in config.cnn.blocks) else ""
    )
    transforms = "" if config.augmentation.is_off else "from torchvision.transforms import v2\n"
    math = "" if config.training.schedule is Schedule.CONSTANT else "import math\n"
    preprocessing = config.preprocessing
    return f'''
"""{title}: written by ConvNet Workbench.

Needs torch, numpy and pillow{", and torchvision for the augmentation" if transforms else ""}.
"""

import json
{math}{ordered_dict}from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
{transforms}
DATA = Path({str(dataset.folder)!r})
SPLIT = DATA / "splits" / "{split.id}.json"
CLASSES = {list(config.classes)!r}
HEIGHT, WIDTH = {preprocessing.height}, {preprocessing.width}
MEAN, STD = {list(preprocessing.mean)}, {list(preprocessing.std)}
EPOCHS, BATCH_SIZE, SEED = {config.training.epochs}, {config.training.batch_size}, {config.training.seed}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
'''


def read_source(preprocessing: Preprocessing, dataset: Dataset) -> str:
    """The function `read`, which makes the pixels of a file as the app does."""
    comment = "# a large JPEG is decoded smaller, and faster"
    rows, columns = draft_size(preprocessing.height, preprocessing.width)
    draft = [f"    picture.draft(None, {(columns, rows)})  {comment}"]
    if preprocessing.height != preprocessing.width:
        draft = [
            "    sideways = picture.getexif().get(0x0112) in (5, 6, 7, 8)",
            f"    at_least = {(rows, columns)} if sideways else {(columns, rows)}",
            f"    picture.draft(None, at_least)  {comment}",
        ]
    lines = upright_lines(dataset, draft)
    mode = preprocessing.color.pillow_mode
    if preprocessing.color is ColorMode.GREY and {picture.mode for picture in dataset.pictures} - {"L", "1"}:
        lines.append('    picture = picture if picture.mode in ("L", "1") else picture.convert("RGB")')
    lines.append(f'    picture = picture.convert("{mode}")')
    lines.append("    if picture.size != (WIDTH, HEIGHT):")
    lines.append(f"        picture = {_RESIZES[preprocessing.resize]}")
    lines.append(f"    return np.asarray(picture).reshape(HEIGHT, WIDTH, {preprocessing.color.channels})")
    body = "\n".join(lines)
    return f'''
def read(path):
    """One picture, upright, as uint8 (H, W, C)."""
{body}
'''


def upright_lines(dataset: Dataset, draft: list[str]) -> list[str]:
    """`picture` from `path`, as pictures of this data set have to be read; JPEGs with the lines `draft`."""
    formats = {picture.format for picture in dataset.pictures}
    modes = {picture.mode for picture in dataset.pictures}
    lines = ["    picture = Image.open(path)"]
    if formats & {"JPEG", "MPO"}:
        lines += draft
    lines.append("    picture = ImageOps.exif_transpose(picture)")
    if any(mode.startswith("I") or mode == "F" for mode in modes):
        lines.append('    if picture.mode.startswith("I"):  # 16 bits to 8')
        lines.append("        values = np.asarray(picture).astype(np.float64)")
        lines.append("        picture = Image.fromarray(np.rint(values / 257).astype(np.uint8))")
    if modes & {"P", "LA", "La", "PA", "RGBA", "RGBa"} or formats & {"PNG", "GIF"}:
        lines.append('    if "A" in picture.getbands() or "transparency" in picture.info:')
        lines.append('        picture = picture.convert("RGBA")')
        lines.append('        paper = Image.new("RGB", picture.size, "white")')
        lines.append('        paper.paste(picture.convert("RGB"), mask=picture.getchannel("A"))')
        lines.append("        picture = paper")
    return lines


DATA_LINES = """
with (DATA / "pictures.jsonl").open(encoding="utf-8") as lines:
    records = [json.loads(line) for line in lines]
pixels = np.stack([read(DATA / record["file"]) for record in records])  # (N, H, W, C)
targets = torch.tensor([CLASSES.index(record["label"]) for record in records])
split = json.loads(SPLIT.read_text(encoding="utf-8"))
train_rows, valid_rows = torch.tensor(split["train"]), torch.tensor(split["valid"])
mean = torch.tensor(MEAN, device=DEVICE).view(1, -1, 1, 1)
std = torch.tensor(STD, device=DEVICE).view(1, -1, 1, 1)
"""


def batch_lines(augmentation: Augmentation, *, channels_last: bool) -> str:
    made = "(x - mean) / std" if channels_last else "((x - mean) / std).contiguous()"
    augmented = "" if augmentation.is_off else augmentation_source(augmentation)
    line = (
        "" if augmentation.is_off else "    if training:\n        x = torch.stack([augment(p) for p in x])\n"
    )
    return f'''
{augmented}def batch(rows, training=False):
    """Pictures (B, C, H, W), normalized, and their classes (B,)."""
    x = torch.from_numpy(pixels[rows.numpy()]).to(DEVICE).permute(0, 3, 1, 2).float() / 255
{line}    return {made}, targets[rows].to(DEVICE)
'''


def augmentation_source(augmentation: Augmentation) -> str:
    """`augment`, made of torchvision's transforms."""
    lines = []
    if augmentation.crop < 1:
        lines.append(f"v2.RandomResizedCrop((HEIGHT, WIDTH), scale=({augmentation.crop:g}, 1)),")
    if augmentation.horizontal_flip:
        lines.append("v2.RandomHorizontalFlip(),")
    if augmentation.vertical_flip:
        lines.append("v2.RandomVerticalFlip(),")
    if augmentation.rotation:
        bilinear = "interpolation=v2.InterpolationMode.BILINEAR"
        lines.append(f"v2.RandomRotation({augmentation.rotation:g}, {bilinear}),")
    if augmentation.brightness or augmentation.contrast or augmentation.saturation:
        color = (augmentation.brightness, augmentation.contrast, augmentation.saturation)
        lines.append("v2.ColorJitter({:g}, {:g}, {:g}),".format(*color))
    return "augment = v2.Compose([\n" + "".join(f"    {line}\n" for line in lines) + "])\n\n\n"


def objective_lines(training: TrainingConfig, classes: int) -> str:
    arguments = ""
    weights = ""
    if training.class_weights:
        weights = (
            f"counts = torch.bincount(targets[train_rows], minlength={classes})\n"
            f"weights = len(train_rows) / ({classes} * counts.double())\n"
            "weights = torch.where(counts > 0, weights, 1).float().to(DEVICE)\n"
        )
        single = training.loss is Loss.SINGLE_LOGIT
        arguments = "pos_weight=weights[1] / weights[0]" if single else "weight=weights"
    if training.loss is Loss.SINGLE_LOGIT:
        return f"""
{weights}criterion = nn.BCEWithLogitsLoss({arguments})


def loss_of(logits, y):
    return criterion(logits.squeeze(1), y.float())


def classes_of(logits):
    return (logits.squeeze(1) > 0).long()
"""
    return f"""
{weights}loss_of = nn.CrossEntropyLoss({arguments})


def classes_of(logits):
    return logits.argmax(1)
"""


EVALUATE_LINES = '''
@torch.inference_mode()
def evaluate(model, rows):
    """Mean loss and accuracy."""
    model.eval()
    loss_sum = correct = 0.0
    for part in rows.split(256):
        x, y = batch(part)
        logits = model(x)
        loss_sum += loss_of(logits, y).item() * len(part)
        correct += (classes_of(logits) == y).sum().item()
    return loss_sum / len(rows), correct / len(rows)
'''


def _optimizer(training: TrainingConfig) -> str:
    return f"""
torch.manual_seed(SEED)
model = CNN().to(DEVICE)
optimizer = {optimizer_of(training, "model.parameters()")}
"""


def optimizer_of(training: TrainingConfig, parameters: str) -> str:
    """The call that makes the optimizer."""
    kind = {Optimizer.SGD: "SGD", Optimizer.ADAM: "Adam", Optimizer.ADAMW: "AdamW"}[training.optimizer]
    arguments = f"lr={training.learning_rate!r}, weight_decay={training.weight_decay!r}"
    if training.optimizer is Optimizer.SGD:
        arguments += f", momentum={training.momentum!r}"
    return f"torch.optim.{kind}({parameters}, {arguments}, fused=True)"


def _loop(config: CnnRunConfig, precision: Precision) -> str:
    training = config.training
    schedule = ""
    if training.schedule is not Schedule.CONSTANT:
        schedule = f"""
        progress = (epoch - 1 + number / len(batches)) / EPOCHS
        rate = {training.learning_rate!r} * {factor_of(training, "progress")}
        for group in optimizer.param_groups:
            group["lr"] = rate"""
    return loop_lines(training, precision, begin="model.train()", schedule=schedule)


def factor_of(training: TrainingConfig, progress: str, *, warm_up: int = 0) -> str:
    """The share of the full learning rate at `progress` through the epochs after the warm-up, as code."""
    match training.schedule:
        case Schedule.COSINE:
            return f"(0.01 + 0.99 * (1 + math.cos(math.pi * {progress})) / 2)"
        case Schedule.STEP:
            left = training.epochs - warm_up
            return f"0.1 ** math.floor({progress} * {left} / {step_epochs(left)} + 1e-9)"
    return "1.0"


def loop_lines(training: TrainingConfig, precision: Precision, *, begin: str, schedule: str) -> str:
    """The loop; `begin` is done before each epoch, `schedule` before each batch."""
    forward = "logits = model(x)"
    if precision is Precision.BFLOAT16:
        forward = """with torch.autocast(DEVICE.type, torch.bfloat16):
            logits = model(x)
        logits = logits.float()"""
    clip = ""
    if training.gradient_clip is not None:
        clip = f"""
        nn.utils.clip_grad_norm_(model.parameters(), {training.gradient_clip!r})"""
    patience = ""
    if training.patience is not None:
        patience = f"""
    elif epoch - best_epoch >= {training.patience}:
        print("Stopped early: no new best for {training.patience} epochs.")
        break"""
    enumerate_ = "number, positions in enumerate(batches)" if schedule else "positions in batches"
    return f"""
best, best_epoch = (-1.0, 0.0), 0
for epoch in range(1, EPOCHS + 1):
    seed = SEED * 1_000_003 + epoch
    torch.manual_seed(seed)
    {begin}
    order = torch.randperm(len(train_rows), generator=torch.Generator().manual_seed(seed))
    batches = list(order.split(BATCH_SIZE))
    if len(batches) > 1 and len(batches[-1]) == 1:  # batch norm can't learn from one picture
        batches[-2:] = [torch.cat(batches[-2:])]
    loss_sum = correct = 0.0
    for {enumerate_}:{schedule}
        x, y = batch(train_rows[positions], training=True)
        optimizer.zero_grad()
        {forward}
        loss = loss_of(logits, y)
        loss.backward(){clip}
        optimizer.step()
        loss_sum += loss.item() * len(y)
        correct += (classes_of(logits) == y).sum().item()
    train_loss, train_accuracy = loss_sum / len(train_rows), correct / len(train_rows)
    valid_loss, valid_accuracy = evaluate(model, valid_rows)
    print(
        f"Epoch {{epoch}}: train loss {{train_loss:.4f}}, accuracy {{train_accuracy:.4f}}; "
        f"validation loss {{valid_loss:.4f}}, accuracy {{valid_accuracy:.4f}}"
    )
    if (valid_accuracy, -valid_loss) > best:
        best, best_epoch = (valid_accuracy, -valid_loss), epoch
        torch.save(model.state_dict(), "best.pt"){patience}
"""
