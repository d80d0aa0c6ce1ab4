"""The settings of a training that a search can vary, each with the range that it usually has. No torch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core.models.cnn_config import CnnConfig, ConvBlock
from core.training.config import CnnRunConfig, Optimizer, Schedule, TrainingConfig
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.run_config import RunConfig
from core.tuning.parameters import Choice, Parameter, Range, Value

RGB = 3  # channels
SIDES = (16, 24, 32, 48, 64, 96, 128, 192, 256)  # pixels


@dataclass(frozen=True)
class Field:
    """One setting: what it is in a config, how it gets there, and what a search proposes for it.

    `needs` is another field with the values that this one matters for. `proposal` is None where a config
    has no such setting.
    """

    name: str
    label: str
    group: str
    of: Callable[[Any], Value]
    put: Callable[[Any, Any], RunConfig]
    proposal: Callable[[Any], Parameter | None]
    needs: tuple[str, tuple[Value, ...]] | None = None


def _training(
    name: str, label: str, parameter: Parameter, needs: tuple[str, tuple[Value, ...]] | None = None
) -> Field:
    kind = type(getattr(TrainingConfig(), name))

    def put(config: Any, value: Value) -> RunConfig:
        return replace(config, training=replace(config.training, **{name: kind(value)}))

    return Field(
        name,
        label,
        "training",
        lambda config: getattr(config.training, name),
        put,
        lambda config: parameter,
        needs,
    )


def _augmentation(name: str, label: str, parameter: Parameter) -> Field:
    def proposal(config: RunConfig) -> Parameter | None:
        return parameter if name != "saturation" or _channels(config) == RGB else None

    return Field(
        name,
        label,
        "augmentation",
        lambda config: getattr(config.augmentation, name),
        lambda config, value: replace(config, augmentation=replace(config.augmentation, **{name: value})),
        proposal,
    )


def _channels(config: RunConfig) -> int:
    return config.preprocessing.shape[0] if isinstance(config, CnnRunConfig) else RGB


def _network(
    name: str,
    label: str,
    of: Callable[[CnnConfig], Value],
    put: Callable[[CnnConfig, Any], CnnConfig],
    proposal: Callable[[CnnConfig], Parameter | None],
) -> Field:
    return Field(
        name,
        label,
        "network",
        lambda config: of(config.cnn),
        lambda config, value: replace(config, cnn=put(config.cnn, value)),
        lambda config: proposal(config.cnn) if isinstance(config, CnnRunConfig) else None,
    )


def _fine_tuning(
    name: str,
    label: str,
    of: Callable[[FineTuneConfig], Value],
    put: Callable[[FineTuneConfig, Any], FineTuneConfig],
    parameter: Parameter,
    *,
    needs: tuple[str, tuple[Value, ...]] | None = None,
    with_hidden_layers: bool = False,
) -> Field:
    def proposal(config: RunConfig) -> Parameter | None:
        fits = isinstance(config, FineTuneConfig) and (config.head.hidden or not with_hidden_layers)
        return parameter if fits else None

    return Field(name, label, "network", of, put, proposal, needs)


def _with_blocks(cnn: CnnConfig, number: int) -> CnnConfig:
    """The first `number` blocks; more of them repeat the last one with twice the filters each."""
    blocks = list(cnn.blocks[:number])
    while len(blocks) < number:
        blocks.append(replace(blocks[-1], filters=2 * blocks[-1].filters))
    return replace(cnn, blocks=tuple(blocks))


def _with_filters(cnn: CnnConfig, first: int) -> CnnConfig:
    """`first` filters in the first block, and twice as many in each next one."""
    blocks = (replace(block, filters=first * 2**place) for place, block in enumerate(cnn.blocks))
    return replace(cnn, blocks=tuple(blocks))


def _with_kernel(cnn: CnnConfig, kernel: int) -> CnnConfig:
    return replace(cnn, blocks=tuple(with_kernel(block, kernel) for block in cnn.blocks))


def with_kernel(block: ConvBlock, kernel: int) -> ConvBlock:
    """`block` with that kernel; padding that keeps the map's size goes on doing so."""
    keeps_size = block.padding is not None and 2 * block.padding == block.dilation * (block.kernel - 1)
    padding = block.dilation * (kernel - 1) // 2 if keeps_size else block.padding
    return replace(block, kernel=kernel, padding=padding)


def _with_batch_norm(cnn: CnnConfig, on: bool) -> CnnConfig:
    return replace(cnn, blocks=tuple(replace(block, batch_norm=on) for block in cnn.blocks))


def _dropout_of(cnn: CnnConfig) -> float:
    parts = cnn.hidden or cnn.blocks[-1:]
    return parts[0].dropout if parts else 0.0


def _with_dropout(cnn: CnnConfig, share: float) -> CnnConfig:
    """In the hidden layers; where there are none, after the last block."""
    if cnn.hidden:
        return replace(cnn, hidden=tuple(replace(layer, dropout=share) for layer in cnn.hidden))
    return replace(cnn, blocks=(*cnn.blocks[:-1], replace(cnn.blocks[-1], dropout=share)))


def _with_hidden(cnn: CnnConfig, width: int) -> CnnConfig:
    return replace(cnn, hidden=tuple(replace(layer, width=width) for layer in cnn.hidden))


def _with_side(config: CnnRunConfig, side: int) -> CnnRunConfig:
    return replace(config, preprocessing=replace(config.preprocessing, height=side, width=side))


def _side_choice(config: RunConfig) -> Parameter | None:
    """The size that it has now, with the next smaller and larger ones."""
    if not isinstance(config, CnnRunConfig):
        return None
    now = config.preprocessing.height
    smaller = [side for side in SIDES if side < now][-1:]
    larger = [side for side in SIDES if side > now][:1]
    return Choice("picture_size", (*smaller, now, *larger))


def _head(name: str) -> Callable[[FineTuneConfig, Any], FineTuneConfig]:
    def put(config: FineTuneConfig, value: Any) -> FineTuneConfig:
        if name == "hidden":
            value = (value,) * len(config.head.hidden)
        return replace(config, head=replace(config.head, **{name: value}))

    return put


_FIELDS = (
    _training("learning_rate", "Learning rate", Range("learning_rate", 1e-5, 1e-1, log=True)),
    _training("batch_size", "Batch size", Choice("batch_size", (16, 32, 64, 128))),
    _training("optimizer", "Optimizer", Choice("optimizer", tuple(each.value for each in Optimizer))),
    _training("momentum", "Momentum", Range("momentum", 0.5, 0.99), ("optimizer", (Optimizer.SGD.value,))),
    _training("weight_decay", "Weight decay", Range("weight_decay", 1e-6, 1e-1, log=True)),
    _training(
        "schedule", "Learning-rate schedule", Choice("schedule", tuple(each.value for each in Schedule))
    ),
    _training("class_weights", "Class weights", Choice("class_weights", (False, True))),
    Field(
        "picture_size",
        "Picture size",
        "network",
        lambda config: config.preprocessing.height,
        _with_side,
        _side_choice,
    ),
    _network(
        "blocks",
        "Blocks",
        lambda cnn: len(cnn.blocks),
        _with_blocks,
        lambda cnn: Range("blocks", 1, max(4, len(cnn.blocks)), integer=True) if cnn.blocks else None,
    ),
    _network(
        "filters",
        "Filters of the first block, doubling",
        lambda cnn: cnn.blocks[0].filters,
        _with_filters,
        lambda cnn: Choice("filters", (4, 8, 16, 32)) if cnn.blocks else None,
    ),
    _network(
        "kernel",
        "Kernel",
        lambda cnn: cnn.blocks[0].kernel,
        _with_kernel,
        lambda cnn: Choice("kernel", (3, 5, 7)) if cnn.blocks else None,
    ),
    _network(
        "batch_norm",
        "Batch norm",
        lambda cnn: cnn.blocks[0].batch_norm,
        _with_batch_norm,
        lambda cnn: Choice("batch_norm", (False, True)) if cnn.blocks else None,
    ),
    _network(
        "dropout",
        "Dropout",
        _dropout_of,
        _with_dropout,
        lambda cnn: Range("dropout", 0.0, 0.6) if cnn.hidden or cnn.blocks else None,
    ),
    _network(
        "hidden_width",
        "Width of the hidden layers",
        lambda cnn: cnn.hidden[0].width,
        _with_hidden,
        lambda cnn: Range("hidden_width", 16, 512, log=True, integer=True) if cnn.hidden else None,
    ),
    _fine_tuning(
        "trains",
        "What trains",
        lambda config: config.trains,
        lambda config, value: replace(config, trains=Trains(value)),
        Choice("trains", tuple(each.value for each in Trains)),
    ),
    _fine_tuning(
        "trained_blocks",
        "Blocks that train",
        lambda config: config.blocks,
        lambda config, value: replace(config, blocks=value),
        Range("trained_blocks", 1, 3, integer=True),
        needs=("trains", (Trains.BLOCKS.value,)),
    ),
    _fine_tuning(
        "backbone_rate",
        "Learning rate of the backbone",
        lambda config: config.backbone_rate,
        lambda config, value: replace(config, backbone_rate=value),
        Range("backbone_rate", 1e-6, 1e-2, log=True),
        needs=("trains", (Trains.BLOCKS.value, Trains.ALL.value)),
    ),
    _fine_tuning(
        "head_dropout",
        "Dropout of the head",
        lambda config: config.head.dropout,
        _head("dropout"),
        Range("head_dropout", 0.0, 0.6),
        with_hidden_layers=True,
    ),
    _fine_tuning(
        "head_units",
        "Units of the head's hidden layers",
        lambda config: config.head.hidden[0],
        _head("hidden"),
        Range("head_units", 32, 1024, log=True, integer=True),
        with_hidden_layers=True,
    ),
    _augmentation("horizontal_flip", "Flip left-right", Choice("horizontal_flip", (False, True))),
    _augmentation("rotation", "Rotation (degrees)", Range("rotation", 0.0, 30.0)),
    _augmentation("crop", "Random crop, at least (share)", Range("crop", 0.5, 1.0)),
    _augmentation("brightness", "Brightness (±)", Range("brightness", 0.0, 0.5)),
    _augmentation("contrast", "Contrast (±)", Range("contrast", 0.0, 0.5)),
    _augmentation("saturation", "Saturation (±)", Range("saturation", 0.0, 0.5)),
)
FIELDS = {field.name: field for field in _FIELDS}


def fields_for(config: RunConfig) -> dict[str, Parameter]:
    """By name, what a search from `config` can vary, with what it proposes."""
    proposals = ((field.name, field.proposal(config)) for field in _FIELDS)
    return {name: parameter for name, parameter in proposals if parameter is not None}


def label_of(name: str) -> str:
    return FIELDS[name].label if name in FIELDS else name


def value_words(value: Value | None) -> str:
    """A value as a reader says it: `on`, `adamw`, `0.00123`."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("_", " ")
