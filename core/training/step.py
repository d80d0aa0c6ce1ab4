"""One learning step: forward, backward, update, on a whole batch or on pieces that add up to the same."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from core.training.batches import Batch, parts_of
from core.training.config import TrainingConfig
from core.training.execution import Execution
from core.training.kernels import autocast, learning_forward
from core.training.objective import Objective, predicted_classes
from core.training.optimization import plain_step
from core.training.stopwatch import Phase, Stopwatch
from core.training.together import add_gradients, add_up, is_alone

LOSS, CORRECT, NORM = range(3)  # what the sums of an epoch hold


def new_sums(device: torch.device) -> Tensor:
    """Sums (3,) of an epoch on the device: loss and right answers over pictures, gradient norm over steps."""
    return torch.zeros(3, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)


class Learner:
    """Changes `model` batch by batch; numbers stay on the device, where nobody has to wait for them."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        objective: Objective,
        training: TrainingConfig,
        execution: Execution,
    ) -> None:
        self.objective, self.optimizer, self.execution = objective, optimizer, execution
        self.clip = training.gradient_clip
        self.batch_size = training.batch_size
        self.parameters = list(model.parameters())
        self.move = plain_step(optimizer)
        self.forward = learning_forward(model, execution)

    def step(self, batch: Batch, sums: Tensor, watch: Stopwatch) -> None:
        """Learn from `batch` and add its numbers to `sums`.

        A batch larger than the execution's piece goes through in pieces, whose gradients add up to those
        of the whole (but for batch norm, which sees a piece at a time).
        """
        self.optimizer.zero_grad(set_to_none=True)
        whole = self.objective.weight(batch.labels)
        if not is_alone():
            whole = add_up(torch.as_tensor(whole))
        numbers = torch.zeros_like(sums)
        for pictures, labels in self._pieces(batch):
            with autocast(self.execution):
                logits = self.forward(pictures)
            logits = logits.float()
            loss = self.objective(logits, labels)
            watch.lap(Phase.FORWARD)
            share = self.objective.weight(labels) / whole
            (loss * share).backward()
            numbers[LOSS] += loss.detach() * share * batch.whole
            numbers[CORRECT] += (predicted_classes(logits.detach(), self.objective.loss) == labels).sum()
            watch.lap(Phase.BACKWARD)
        sums += add_up(numbers)
        add_gradients(self.parameters)
        sums[NORM] += self._update()
        watch.lap(Phase.UPDATE)

    def _pieces(self, batch: Batch) -> Iterator[tuple[Tensor, Tensor]]:
        """What goes through the network at once; nothing, where other processes have all of a small batch."""
        size = self.execution.piece
        if size >= self.batch_size:  # a last batch may be one picture larger, which batch norm may need
            size = len(batch.labels)
        if size:
            divided = parts_of if size > 1 else torch.split
            yield from zip(divided(batch.pictures, size), divided(batch.labels, size), strict=True)

    def _update(self) -> Tensor:
        """Move the weights; the norm of the gradient before any clipping."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = get_total_norm(gradients)
        if self.clip is not None:
            clip_grads_with_norm_(self.parameters, self.clip, norm)
        self.move()
        return norm
