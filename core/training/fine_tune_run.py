"""One fine-tuning from its settings to its results: backbone, rows of its frozen part, loop, predictions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.data.parallel import Progress
from core.layers.shapes import Shape
from core.models.backbones import load_backbone
from core.models.cutting import Cuttable, cut, cuttable
from core.models.heads import find_head, replace_head
from core.models.saved_build import build_head, empty_network
from core.models.saved_model import SavedFineTuned, save_model_description
from core.models.weights_file import model_on_meta
from core.records import from_json, to_json
from core.training.allocator import keep_freed_memory
from core.training.batches import Batcher, Batches
from core.training.checkpoint import CheckpointFolder, digest, load_tensors, not_of_this_run, save_tensors
from core.training.cnn_run import CnnRunResult, pixels_on_device, train_and_predict
from core.training.config import Precision
from core.training.execution import Execution
from core.training.fine_tune_config import FineTuneConfig
from core.training.fine_tune_files import (
    WholeCheckpoints,
    fine_tune_calibration_file,
    frozen_numbers_file,
)
from core.training.fine_tune_measuring import frozen_precision, learning_execution
from core.training.frozen_disk import Rows
from core.training.frozen_numbers import SAMPLE
from core.training.frozen_prefix import PLAIN, FrozenPrefix, FrozenStore, Views
from core.training.frozen_rows import FrozenBatcher, FrozenPictures, RowFormat
from core.training.history import Hooks
from core.training.kernels import layout
from core.training.objective import make_objective
from core.training.optimization import skip_the_compiler
from core.training.plan import FineTuning
from core.training.resumption import saved_execution
from core.training.run_data import LabeledPictures, RunData, open_run_data
from core.workspace import Workspace, read_json, write_json

ROWS_FILE = "frozen.json"


@dataclass(frozen=True)
class _Learning:
    """What the loop gets: the part that trains, what that receives of each picture, and how it is read."""

    model: nn.Module
    receives: Shape
    data: RunData
    batcher: Callable[[Execution], Batches]


def train_fine_tuned(
    workspace: Workspace,
    config: FineTuneConfig,
    folder: Path,
    *,
    device: str = "cpu",
    hooks: Hooks | None = None,
    on_progress: Progress = lambda done, total, what: None,
    data: RunData | None = None,
) -> CnnRunResult:
    """Fine-tune the backbone of `config`; leave checkpoints, `model.json` and `predictions.npz` in `folder`.

    The frozen part runs once a picture, and its outputs are kept on the disk. Goes on from `folder/last.pt`
    where there is one, with the backbone that `folder/start.pt` holds since the beginning.

    Raises:
        DatasetError: the data set or its split is gone or has changed, or a picture can't be read any more.
        ModelFileError: the backbone's weights are not on this machine, or a checkpoint is damaged.
        ConfigError: there is nothing to train on, or there is no such backbone.
        LossNotFinite: training diverged; what was good is kept.
        Cancelled: `hooks` said so while the frozen part was at work; nothing that it made is lost.
    """
    hooks = hooks or Hooks()
    keep_freed_memory()
    if not config.training.compiled:
        skip_the_compiler()
    data = data or open_run_data(workspace, config, on_progress=on_progress, should_stop=hooks.interrupted)
    target = torch.device(device)
    on_progress(0, 0, "loading the backbone")
    saved = SavedFineTuned(
        config.backbone, config.head, config.preprocessing, config.classes, config.is_single_logit
    )
    network, head = _network(workspace, config, saved, CheckpointFolder(folder).start)
    cuttable_network = cuttable(network, config.preprocessing.shape, head)
    blocks = cuttable_network.blocks
    trained = config.trained_blocks(len(blocks))
    checkpoints = WholeCheckpoints(folder, network, trained == 1)
    save_model_description(folder, saved)
    plan = FineTuning(config, blocks)
    state = checkpoints.load_last()
    hooks.on_facts(_sizes(network, plan))
    learning = None
    if trained < len(blocks):
        learning = _with_rows(
            workspace,
            config,
            cuttable_network,
            data,
            folder,
            target,
            state,
            hooks=hooks,
            on_progress=on_progress,
        )
    if learning is None:
        batcher = Batcher(config.preprocessing, target)
        learning = _Learning(
            cuttable_network.traced,
            config.preprocessing.shape,
            pixels_on_device(data, batcher),
            lambda execution: Batcher(config.preprocessing, target, channels_last=execution.channels_last),
        )
    objective = make_objective(config.training, data.train.labels, len(config.classes), target)
    plan.begin_epoch(learning.model, config.training.epochs)
    execution = saved_execution(state, device)
    if execution is None:
        measured = fine_tune_calibration_file(workspace, config, trained, device)
        execution = learning_execution(
            config, learning.model, learning.receives, objective, target, measured, hooks, on_progress
        )
    model = learning.model.to(target).to(memory_format=layout(execution))
    return train_and_predict(
        model,
        learning.data,
        config.training,
        config.augmentation,
        batcher=learning.batcher(execution),
        objective=objective,
        execution=execution,
        checkpoints=checkpoints,
        hooks=hooks,
        on_progress=on_progress,
        plan=plan,
        network=network,
    )


def _network(
    workspace: Workspace, config: FineTuneConfig, saved: SavedFineTuned, start: Path
) -> tuple[nn.Module, str]:
    """The backbone with a head of its own, as the run begins, and the head's name; kept as `start`.

    So a run that goes on is of the same backbone, also where another file of weights has come meanwhile.
    """
    if start.exists():
        model = empty_network(saved)
        try:
            model.load_state_dict(load_tensors(start), assign=True)
        except (RuntimeError, TypeError, AttributeError) as mismatch:
            raise not_of_this_run(start) from mismatch
        return model, find_head(model_on_meta(config.backbone)).name
    model, head = new_network(workspace, config)
    save_tensors(model.state_dict(), start)
    return model, head


def new_network(workspace: Workspace, config: FineTuneConfig) -> tuple[nn.Module, str]:
    """The backbone with a head of its own that has learned nothing yet, and the head's name.

    Raises:
        ModelFileError: the backbone's weights are not on this machine.
    """
    model = load_backbone(workspace, config.backbone, config.weights_seed).model
    found = find_head(model)
    torch.manual_seed(config.training.seed)
    replace_head(model, build_head(found, config.head, config.outputs))
    return model, found.name


def _with_rows(
    workspace: Workspace,
    config: FineTuneConfig,
    network: Cuttable,
    data: RunData,
    folder: Path,
    target: torch.device,
    state: dict[str, Any] | None,
    *,
    hooks: Hooks,
    on_progress: Progress,
) -> _Learning | None:
    """The suffix, with rows of what the frozen part makes of each picture; None where they have no room.

    Pictures to validate and test on go through in float32, as all that will be predicted. A run that has
    begun one way goes on in that way.
    """
    trained = config.trained_blocks(len(network.blocks))
    prefix, suffix = cut(network, trained)
    block = network.blocks[len(network.blocks) - trained]
    rows = Rows(len(data.train) * config.cached_views, len(data.valid) + len(data.test), prod(block.receives))
    if state is not None:
        if state["model"].keys() != suffix.state_dict().keys():
            return None
    elif not rows.has_room(workspace, config.training.precision):
        hooks.on_facts({"frozen": {"cached": False}})
        return None
    chosen = folder / ROWS_FILE
    if chosen.exists():  # a run goes on in the numbers that it began with
        learned = from_json(RowFormat, read_json(chosen))
    else:
        stored = frozen_numbers_file(workspace, config, trained, str(target))
        sample = data.train.pixels.read(data.train.rows[:SAMPLE])
        precision = frozen_precision(config, prefix, sample, target, stored, on_progress)
        learned = RowFormat(block.receives, precision)
        write_json(chosen, to_json(learned))
    weights = digest(prefix.state_dict())
    exact, short = (
        FrozenPrefix(prefix, weights, config.preprocessing, each, target)
        for each in (RowFormat(block.receives, Precision.FLOAT32), learned)
    )
    begun, computed = time.perf_counter(), 0

    def kept(part: LabeledPictures, frozen: FrozenPrefix, views: Views) -> LabeledPictures:
        nonlocal computed
        store = FrozenStore(workspace, data.dataset, part.pixels, frozen, block.name, views)
        found, now = store.ready(part.rows.tolist(), on_progress, hooks.interrupted)
        computed += now
        return FrozenPictures(found, part.rows, part.labels, views=views.count)

    views = Views(config.augmentation, config.cached_views, config.training.seed)
    valid, test = (kept(part, exact, PLAIN) for part in (data.valid, data.test))
    train = kept(data.train, short, PLAIN if config.augmentation.is_off else views)
    hooks.on_facts(
        {
            "frozen": {
                "cached": True,
                "blocks": len(network.blocks) - trained,
                "of_blocks": len(network.blocks),
                "precision": str(learned.precision),
                "computed": computed,
                "seconds": time.perf_counter() - begun,
                "rows": rows.count,
                "bytes": rows.bytes(learned.precision),
                "views": config.cached_views,
                "otherwise": config.training.epochs * (len(data.train) + len(data.valid)),
            }
        }
    )
    side = config.preprocessing.shape[1:]
    return _Learning(
        suffix,
        block.receives,
        replace(data, train=train, valid=valid, test=test),
        lambda execution: FrozenBatcher(block.receives, side, target, channels_last=execution.channels_last),
    )


def _sizes(network: nn.Module, plan: FineTuning) -> dict[str, object]:
    blocks = plan.blocks
    trained = blocks[len(blocks) - plan.config.trained_blocks(len(blocks)) :]
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    return {
        "parameters": sum(sizes.values()),
        "trainable": sum(sizes[name] for block in trained for name in block.parameters),
        "trained_blocks": [block.name for block in trained],
    }
