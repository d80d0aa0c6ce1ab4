"""Whether batch norm can learn: it divides by the spread of its values, and one value has none; no torch."""

from core.errors import ConfigError
from core.layers.batch_norm import BatchNorm2d
from core.layers.describe import layer_name
from core.models.walk import Walk
from core.training.config import TrainingConfig

_NAME = layer_name(BatchNorm2d(1))


def check_batch_norm(network: Walk, training: TrainingConfig, pictures: int) -> None:
    """Refuse batch norm on maps of one pixel where some batch holds one picture.

    Of several batches, a last one of one picture joins the one before it (`epoch_order`).

    Raises:
        ConfigError: naming the layer, with the ways out.
    """
    if pictures > 1 and (training.batch_size > 1 or pictures == 2):
        return
    for row in network.rows:
        if row.layer == _NAME and row.output[1:] == (1, 1):
            raise ConfigError(
                f"Batch norm in {row.path} can't learn from a batch of one picture.",
                expected="more than one value a channel",
                found="1 picture with a map of 1 × 1",
                fix="Switch batch norm off there, keep the map larger, or train on more pictures."
                if pictures == 1
                else "Choose a batch size of 2 or more, switch batch norm off there, or keep the map larger.",
            )
