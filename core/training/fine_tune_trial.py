"""Ten batches of a fine-tuning on a picture of noise: how long an epoch will take, and how much memory."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from core.data.parallel import Progress
from core.layers.shapes import Shape
from core.models.cutting import cut, cuttable
from core.records import to_json
from core.training.allocator import keep_freed_memory
from core.training.batches import Batcher, Batches
from core.training.fine_tune_config import FineTuneConfig
from core.training.fine_tune_files import (
    fine_tune_calibration_file,
    fine_tune_trial_file,
    frozen_numbers_file,
)
from core.training.fine_tune_measuring import frozen_precision, learning_execution
from core.training.fine_tune_run import new_network
from core.training.frozen_numbers import SAMPLE
from core.training.frozen_prefix import PLAIN, FrozenPrefix
from core.training.frozen_rows import FrozenBatcher, RowFormat
from core.training.history import Hooks
from core.training.kernels import layout
from core.training.measured import Trial
from core.training.objective import make_objective
from core.training.optimization import skip_the_compiler
from core.training.plan import FineTuning
from core.training.trial import Repeated, noise, ten_batches
from core.workspace import Workspace, write_json


def run_fine_tune_trial(
    workspace: Workspace,
    config: FineTuneConfig,
    device: str,
    *,
    on_progress: Progress = lambda done, total, what: None,
) -> Trial:
    """Measure with the frozen part's outputs on the disk, and keep it for the estimate of the run.

    The numbers of the frozen part are measured too, where they have not been.

    Raises:
        ModelFileError: the backbone's weights are not on this machine.
    """
    keep_freed_memory()
    if not config.training.compiled:
        skip_the_compiler()
    target, receives = torch.device(device), config.preprocessing
    on_progress(0, 0, "loading the backbone")
    network, head = new_network(workspace, config)
    whole = cuttable(network, receives.shape, head)
    trained = config.trained_blocks(len(whole.blocks))
    shape: Shape = receives.shape
    model, picture, side = whole.traced, noise(receives.shape), receives.shape[1:]
    make: Callable[..., Batches] = partial(Batcher, receives, target)
    if trained < len(whole.blocks):
        prefix, model = cut(whole, trained)
        shape = whole.blocks[len(whole.blocks) - trained].receives
        sample = np.repeat(picture[None], SAMPLE, axis=0)
        numbers = frozen_numbers_file(workspace, config, trained, device)
        rows = RowFormat(shape, frozen_precision(config, prefix, sample, target, numbers, on_progress))
        frozen = FrozenPrefix(prefix, "", receives, rows, target)
        picture = frozen.outputs(sample[:1], PLAIN, [0])[0, :, None, None]
        make = partial(FrozenBatcher, shape, side, target)
    pictures, classes = Repeated(picture), len(config.classes)
    objective = make_objective(config.training, pictures.labeled(classes, classes).labels, classes, target)
    plan = FineTuning(config, whole.blocks)
    plan.begin_epoch(model, config.training.epochs)
    calibration = fine_tune_calibration_file(workspace, config, trained, device)
    execution = learning_execution(config, model, shape, objective, target, calibration, Hooks(), on_progress)
    on_progress(0, 0, "learning from ten batches")
    trial = ten_batches(
        model.to(target).to(memory_format=layout(execution)),
        pictures,
        config,
        batcher=make(channels_last=execution.channels_last),
        objective=objective,
        execution=execution,
        plan=plan,
    )
    write_json(fine_tune_trial_file(workspace, config, trained, device), to_json(trial))
    return trial
