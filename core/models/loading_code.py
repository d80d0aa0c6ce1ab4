"""Pieces of scripts that run without this project: a trained network, and a picture as it receives it."""

from pathlib import Path

from core.data.preprocessing import Preprocessing, Resize
from core.models.saved_model import SavedModel


def import_lines(saved: SavedModel) -> str:
    """What the pieces need."""
    has_skips = any(block.residual for block in saved.cnn.blocks)
    ordered = "from collections import OrderedDict\n\n" if has_skips else ""
    return (
        f"{ordered}import numpy as np\nimport torch\nfrom PIL import Image, ImageOps\nfrom torch import nn\n"
    )


def loading_lines(file: Path) -> str:
    """Weights from `file` into `model`, and evaluation mode."""
    load = f'torch.load({str(file)!r}, weights_only=True, map_location="cpu")'
    return f"""model.load_state_dict({load})
model.eval()  # dropout off, batch norm with what it saw in training
"""


def preprocessing_lines(p: Preprocessing, picture: str) -> str:
    """The file `picture` as `x`, what the network receives."""
    size = (p.width, p.height)
    resized = {
        Resize.STRETCH: f"picture.resize({size}, Image.Resampling.BILINEAR)",
        Resize.CROP: f"ImageOps.fit(picture, {size}, Image.Resampling.BILINEAR)",
        Resize.PAD: f"ImageOps.pad(picture, {size}, Image.Resampling.BILINEAR)",
    }[p.resize]
    mean, std = (f"torch.tensor({list(values)}).view(-1, 1, 1)" for values in (p.mean, p.std))
    return f"""picture = ImageOps.exif_transpose(Image.open({picture!r}))
picture = picture.convert({p.color.pillow_mode!r})
picture = {resized}
pixels = np.array(picture).reshape({p.height}, {p.width}, {p.color.channels})
x = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255  # (C, H, W) in [0, 1]
x = ((x - {mean}) / {std}).unsqueeze(0)  # (1, C, H, W)
"""
