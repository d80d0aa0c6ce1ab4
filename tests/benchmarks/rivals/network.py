"""The network that every rival trains, and the picture folders of those that read them with torchvision."""

from pathlib import Path

import torch
from torch import nn


def build_network(side: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * (side // 4) ** 2, classes),
    )


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def image_folders(folder: Path, side: int) -> tuple[torch.utils.data.Dataset, torch.utils.data.Dataset]:
    """The training and the validation pictures, RGB in [0, 1]."""
    from torchvision import datasets, transforms

    to_input = transforms.Compose([transforms.Resize((side, side)), transforms.ToTensor()])
    return tuple(datasets.ImageFolder(folder / part, transform=to_input) for part in ("train", "valid"))
