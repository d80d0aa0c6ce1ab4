"""A frozen backbone, a scaler and a logistic regression as one network: logits of a picture."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class FeatureClassifier(nn.Module):
    """logits = ((features - mean) / scale) @ weight.T + bias, in float64 as scikit-learn computes them.

    Takes (B, C, H, W), gives float32 (B, K); K is 1 for two classes.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, backbone: nn.Module, features: int, outputs: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.register_buffer("mean", torch.zeros(features, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(features, dtype=torch.float64))
        self.register_buffer("weight", torch.zeros(outputs, features, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(outputs, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        features = self.backbone(x).flatten(1).double()
        return functional.linear((features - self.mean) / self.scale, self.weight, self.bias).float()
