"""How much memory a fine-tuning takes, told before it starts."""

from dataclasses import replace

from core.layers.memory import Dtype, walk_memory
from core.models.outline import Outline
from core.training.fine_tune_config import FineTuneConfig
from core.training.frozen_pass import BATCH
from core.training.memory import FLOAT, HEAP, LIBRARIES, STATES, USUAL_BASE, TrainingMemory

SHORT = 2  # bytes of a bfloat16


def fine_tune_memory(config: FineTuneConfig, outline: Outline, *, base: int = USUAL_BASE) -> TrainingMemory:
    """The estimate for a fine-tuning on the processor: the frozen part comes first, then the epochs.

    The frozen part has copies of its weights in float32 and bfloat16; what trains has gradients and momenta.
    """
    blocks = len(outline.blocks)
    trained = config.trained_blocks(blocks)
    trainable = outline.trainable(trained)
    states = FLOAT * (outline.parameters + trainable * (1 + STATES[config.training.optimizer]))
    copies = (FLOAT + SHORT) * (outline.parameters - trainable)
    first = outline.first_trained_row(trained)
    rows = [
        replace(row, sources=tuple(max(source - first, -1) for source in row.sources))
        for row in outline.walk.rows[first:]
    ]
    receives = outline.blocks[blocks - trained].receives
    learning = HEAP * walk_memory(rows, receives, config.training.batch_size).training
    frozen = 0
    if trained < blocks:
        before = walk_memory(outline.walk.rows[:first], outline.walk.input_shape, BATCH, Dtype.FLOAT32)
        frozen = before.inference
    return TrainingMemory(base + LIBRARIES, states + copies, max(round(learning), frozen))
