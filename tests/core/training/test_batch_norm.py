import pytest
import torch

from core.errors import ConfigError
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, Pool
from core.models.cnn_walk import walk
from core.training.batch_norm import check_batch_norm
from core.training.batches import epoch_order
from core.training.config import TrainingConfig

NETWORK = CnnConfig((ConvBlock(2, kernel=1, padding=0, batch_norm=True, pool=Pool.NONE),))
RESIDUAL = CnnConfig((ConvBlock(2, batch_norm=True, residual=True, pool=Pool.NONE),))


def torch_trains(network: CnnConfig, side: int, batch_size: int, pictures: int) -> bool:
    model = build_cnn(network, (1, side, side), 2)
    try:
        for batch in epoch_order(pictures, batch_size, seed=0, epoch=1):
            model(torch.zeros(len(batch), 1, side, side))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("network", [NETWORK, RESIDUAL])
@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("batch_size", [1, 2, 32])
@pytest.mark.parametrize("pictures", [1, 2, 3, 4])
def test_it_is_refused_exactly_where_torch_refuses(
    network: CnnConfig, side: int, batch_size: int, pictures: int
) -> None:
    walked, training = walk(network, (1, side, side), 2), TrainingConfig(batch_size=batch_size)
    if torch_trains(network, side, batch_size, pictures):
        check_batch_norm(walked, training, pictures)
    else:
        with pytest.raises(
            ConfigError, match=r"Batch norm in block 1.*Switch batch norm off|batch size of 2"
        ):
            check_batch_norm(walked, training, pictures)
