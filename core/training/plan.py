"""What of a network trains in each epoch, and at which rates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn, optim

from core.training.config import TrainingConfig
from core.training.fine_tune_config import FineTuneConfig
from core.training.optimization import learning_rate, make_optimizer, rate_factor

if TYPE_CHECKING:  # it loads torchvision, which a training from scratch doesn't need
    from core.models.cutting import Block

# Of the statistics of batch norm that trains, at least: torch's own. EfficientNets have 0.01, and would need
# hundreds of steps to forget the pictures of ImageNet; until then they are right in training alone.
MOMENTUM = 0.1


class Plan:
    """All of it trains, at one rate."""

    def __init__(self, training: TrainingConfig) -> None:
        self.training = training

    def optimizer(self, model: nn.Module) -> optim.Optimizer:
        return make_optimizer(model.parameters(), self.training)

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        """Modes and gradients of `epoch`, which counts from 1."""
        model.train()

    def set_rates(self, optimizer: optim.Optimizer, progress: float) -> None:
        """The rates at `progress` in [0, 1] through the run."""
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(self.training, progress)


class FineTuning(Plan):
    """The last blocks of a backbone train, from its head on; what doesn't yet is in evaluation mode.

    `blocks` are those of the whole network. A model that is only its suffix has the last of them.
    """

    def __init__(self, config: FineTuneConfig, blocks: Sequence["Block"]) -> None:
        super().__init__(config.training)
        self.config, self.blocks = config, blocks

    def optimizer(self, model: nn.Module) -> optim.Optimizer:
        """A group a block, from the head backwards: the fused SGD can't take one that begins later."""
        parameters = dict(model.named_parameters())
        trained = self.config.trained_blocks(len(self.blocks))
        blocks = reversed(self.blocks[len(self.blocks) - trained :])
        groups = [{"params": [parameters[name] for name in block.parameters]} for block in blocks]
        return make_optimizer(groups, self.training)

    def begin_epoch(self, model: nn.Module, epoch: int) -> None:
        frozen = len(self.blocks) - self.config.blocks_in(epoch, len(self.blocks))
        learning = {name for block in self.blocks[frozen:] for name in block.parameters}
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in learning)
        model.train()
        modules = dict(model.named_modules())
        for block in self.blocks[:frozen]:
            for name in block.modules:
                if name in modules:
                    modules[name].eval()
        for block in self.blocks[frozen:]:
            for name in block.modules:
                if isinstance(module := modules[name], nn.BatchNorm2d) and module.momentum is not None:
                    module.momentum = max(module.momentum, MOMENTUM)

    def set_rates(self, optimizer: optim.Optimizer, progress: float) -> None:
        factor = rate_factor(self.training, progress, warm_up=self.config.warm_up)
        head, *backbone = optimizer.param_groups
        head["lr"] = self.training.learning_rate * factor
        for group in backbone:
            group["lr"] = self.config.backbone_rate * factor
