"""What augmentation makes of a few pictures, to look at before training."""

import numpy as np
import torch

from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation


def preview_augmentation(pixels: np.ndarray, settings: Augmentation, views: int, seed: int = 0) -> np.ndarray:
    """uint8 (N, H, W, C) to uint8 (N, views, H, W, C): each picture as `views` epochs might show it.

    The same `augment` as in the training loop, on the same float values in [0, 1].
    """
    count = len(pixels)
    repeated = torch.from_numpy(np.repeat(pixels, views, axis=0)).permute(0, 3, 1, 2).float() / 255
    changed = augment(repeated, settings, torch.Generator().manual_seed(seed))
    shown = (changed * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return shown.reshape(count, views, *pixels.shape[1:])
