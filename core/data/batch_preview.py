"""A few pictures of a data set as the network receives them, and the code that makes the same numbers."""

import json
from collections.abc import Sequence

import numpy as np

from core.data.dataset import Dataset, Picture
from core.data.decoding import draft_size, open_picture
from core.data.preprocessing import Preprocessing, Resize
from core.errors import ConfigError, DatasetError, PictureRejected


def read_pixels(dataset: Dataset, indices: Sequence[int], preprocessing: Preprocessing) -> np.ndarray:
    """Pictures `indices` of `dataset`, uint8 (B, H, W, C).

    Raises:
        DatasetError: a picture is gone or damaged; it is named.
    """
    size = (preprocessing.height, preprocessing.width)
    return np.stack([_pixels(dataset, dataset.pictures[i], preprocessing, size) for i in indices])


def batch_source(dataset: Dataset, indices: Sequence[int], preprocessing: Preprocessing) -> str:
    """PyTorch source that leaves the same batch in `batch`, float32 (B, C, H, W).

    Raises:
        ConfigError: the pictures are not stretched; only that is torchvision's plain Resize.
    """
    if preprocessing.resize is not Resize.STRETCH:
        raise ConfigError("Only stretched pictures have this code.", fix="Choose to stretch the pictures.")
    pictures = [dataset.pictures[i] for i in indices]
    height, width = preprocessing.height, preprocessing.width
    mean, std = list(preprocessing.mean), list(preprocessing.std)
    files = "\n".join(f"    {json.dumps(picture.file)}," for picture in pictures)
    return f"""\
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms import v2

FOLDER = Path({str(dataset.folder)!r})
FILES = [
{files}
]


def picture(file):
    image = Image.open(FOLDER / file)
{_special_cases(pictures, preprocessing)}    return image.convert({preprocessing.color.pillow_mode!r})


transform = v2.Compose([
    v2.Resize(({height}, {width})),            # bilinear, antialiased
    v2.ToImage(),                     # [H, W, C] bytes -> [C, H, W]
    v2.ToDtype(torch.float32, scale=True),  # 0..255 -> 0..1
    v2.Normalize({mean}, {std}),
])
batch = torch.stack([transform(picture(file)) for file in FILES])
print(batch.shape, batch.dtype, batch.min().item(), batch.max().item())

# What plotting wants: the channels last, and the values back in 0..1
mean, std = torch.tensor({mean}), torch.tensor({std})
images = batch.permute(0, 2, 3, 1) * std + mean  # [B, H, W, C]
"""


def _pixels(
    dataset: Dataset, picture: Picture, preprocessing: Preprocessing, size: tuple[int, int]
) -> np.ndarray:
    try:
        return preprocessing.pixels(open_picture(dataset.path(picture), at_least=size))
    except PictureRejected as damage:
        raise DatasetError(
            f"{picture.name} can't be read any more: {damage.problem}",
            fix="Import the data set again.",
        ) from damage


def _special_cases(pictures: Sequence[Picture], preprocessing: Preprocessing) -> str:
    """The lines that the kinds of pictures at hand need, and no others."""
    lines = []
    modes = {picture.mode for picture in pictures}
    formats = {picture.format for picture in pictures}
    if formats & {"JPEG", "MPO"}:
        rows, columns = draft_size(preprocessing.height, preprocessing.width)
        lines.append(
            f"image.draft(None, {(columns, rows)})  # JPEGs decode faster at a half, a quarter, an eighth"
        )
    if formats - {"GIF", "BMP", "PPM"}:
        lines.append("image = ImageOps.exif_transpose(image)")
    if any(mode.startswith("I") for mode in modes):
        lines.append('if image.mode.startswith("I"):')
        lines.append("    image = Image.fromarray(np.rint(np.asarray(image) / 257).astype(np.uint8))")
    if modes & {"LA", "PA", "RGBA", "La", "RGBa", "P"}:
        lines.append("if image.has_transparency_data:")
        lines.append('    clear, image = image.convert("RGBA"), Image.new("RGB", image.size, "white")')
        lines.append('    image.paste(clear.convert("RGB"), mask=clear.getchannel("A"))')
    return "".join(f"    {line}\n" for line in lines)
