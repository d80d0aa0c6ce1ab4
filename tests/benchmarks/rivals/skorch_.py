"""skorch's classifier on torchvision's folders: `python -m tests.benchmarks.rivals.skorch_ FOLDER`."""

import torch
from skorch import NeuralNetClassifier
from skorch.helper import predefined_split
from torch import nn

from tests.benchmarks.rivals.command import print_accuracies, read_options
from tests.benchmarks.rivals.network import best_device, build_network, image_folders


def main() -> None:
    options = read_options(__doc__)
    torch.manual_seed(options.seed)
    train, valid = image_folders(options.folder, options.side)
    net = NeuralNetClassifier(
        build_network(options.side, options.classes),
        criterion=nn.CrossEntropyLoss,
        classes=list(range(options.classes)),
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=options.batch,
        max_epochs=options.epochs,
        iterator_train__shuffle=True,
        iterator_train__num_workers=options.workers,
        iterator_valid__num_workers=options.workers,
        train_split=predefined_split(valid),
        device=best_device(),
        verbose=0,
    )
    net.fit(train, y=None)
    print_accuracies([float(accuracy) for accuracy in net.history[:, "valid_acc"]])


if __name__ == "__main__":
    main()
