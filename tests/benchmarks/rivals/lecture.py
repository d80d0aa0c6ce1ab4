"""The trainer of a lecture on CNNs in PyTorch: `python -m tests.benchmarks.rivals.lecture FOLDER`.

An accuracy is the mean of the batches' accuracies, as the lecture has it.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader

from tests.benchmarks.rivals.command import print_accuracies, read_options
from tests.benchmarks.rivals.network import best_device, build_network, image_folders


def trainer(
    model: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    train_loader: DataLoader,
    valid_loader: DataLoader,
    device: torch.device,
    epochs: int,
) -> dict[str, list[float]]:
    results = {"train_loss": [], "train_accuracy": [], "valid_loss": [], "valid_accuracy": []}
    for _ in range(epochs):
        train_loss = train_accuracy = valid_loss = valid_accuracy = 0.0
        for inputs, labels in train_loader:
            if device.type in ("cuda", "mps"):
                inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            scores = model(inputs)
            predicted = torch.softmax(scores, dim=1).argmax(dim=1)
            loss = criterion(scores, labels)
            loss.backward()
            optimizer.step()
            train_loss += loss.item()
            train_accuracy += (predicted == labels).type(torch.float32).mean().item()
        with torch.no_grad():
            for inputs, labels in valid_loader:
                if device.type in ("cuda", "mps"):
                    inputs, labels = inputs.to(device), labels.to(device)
                scores = model(inputs)
                predicted = torch.softmax(scores, dim=1).argmax(dim=1)
                valid_loss += criterion(scores, labels).item()
                valid_accuracy += (predicted == labels).type(torch.float32).mean().item()
        results["train_loss"].append(train_loss / len(train_loader))
        results["train_accuracy"].append(train_accuracy / len(train_loader))
        results["valid_loss"].append(valid_loss / len(valid_loader))
        results["valid_accuracy"].append(valid_accuracy / len(valid_loader))
    return results


def main() -> None:
    options = read_options(__doc__)
    torch.manual_seed(options.seed)
    train, valid = image_folders(options.folder, options.side)
    train_loader = DataLoader(train, options.batch, shuffle=True, num_workers=options.workers)
    valid_loader = DataLoader(valid, options.batch, num_workers=options.workers)

    device = best_device()
    model = build_network(options.side, options.classes).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    results = trainer(
        model, nn.CrossEntropyLoss(), optimizer, train_loader, valid_loader, device, options.epochs
    )
    print_accuracies(results["valid_accuracy"])


if __name__ == "__main__":
    main()
