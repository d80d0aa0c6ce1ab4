"""A LightningModule and its `Trainer`: `python -m tests.benchmarks.rivals.lightning_ FOLDER`."""

import lightning
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy

from tests.benchmarks.rivals.command import print_accuracies, read_options
from tests.benchmarks.rivals.network import build_network, image_folders


class Classifier(lightning.LightningModule):
    def __init__(self, side: int, classes: int) -> None:
        super().__init__()
        self.network = build_network(side, classes)
        self.valid_accuracy = MulticlassAccuracy(classes, average="micro")
        self.accuracies: list[float] = []

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        inputs, labels = batch
        return nn.functional.cross_entropy(self.network(inputs), labels)

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> None:
        inputs, labels = batch
        self.valid_accuracy.update(self.network(inputs), labels)

    def on_validation_epoch_end(self) -> None:
        self.accuracies.append(self.valid_accuracy.compute().item())
        self.valid_accuracy.reset()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def main() -> None:
    options = read_options(__doc__)
    lightning.seed_everything(options.seed, workers=True)
    train, valid = image_folders(options.folder, options.side)
    loading = {"num_workers": options.workers, "persistent_workers": options.workers > 0}
    classifier = Classifier(options.side, options.classes)
    trainer = lightning.Trainer(
        max_epochs=options.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(
        classifier,
        DataLoader(train, options.batch, shuffle=True, **loading),
        DataLoader(valid, options.batch, **loading),
    )
    print_accuracies(classifier.accuracies)


if __name__ == "__main__":
    main()
