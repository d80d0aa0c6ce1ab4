# Grey pictures, resized to 256 x 256 for training.
from torch import nn


class LectureCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 3, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 2, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.flatten = nn.Flatten()
        self.output = nn.Linear(1250, 1)

    def forward(self, x):
        x = self.features(x)
        return self.output(self.flatten(x))
