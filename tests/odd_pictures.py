"""Real photographs as everybody's files are: odd sizes, all modes, all formats, turned by EXIF."""

import io
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

_TURN = 0x0112  # EXIF


def odd_pictures(count: int, *, most: int = 900, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """`count` files with what is odd about each, up to `most` pixels a side; the same for the same seed."""
    draw = random.Random(seed)
    photos = [Image.fromarray(load_sample_image(name)) for name in ("china.jpg", "flower.jpg")]
    kinds = list(_KINDS)
    for number in range(count):
        photo, kind = photos[number % 2], kinds[number % len(kinds)]
        cut = (draw.randint(60, photo.width), draw.randint(60, photo.height))
        left, top = draw.randint(0, photo.width - cut[0]), draw.randint(0, photo.height - cut[1])
        box = (left, top, left + cut[0], top + cut[1])
        size = (draw.randint(5, most), draw.randint(5, most))
        picture = photo.resize(size, Image.Resampling.BICUBIC, box)
        yield f"{kind} {size[0]}x{size[1]}", _KINDS[kind](picture, number)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _turned(picture: Image.Image, number: int) -> bytes:
    exif = Image.Exif()
    exif[_TURN] = 1 + number // len(_KINDS) % 8
    return _saved(picture, "JPEG", exif=exif, quality=90)


def _with_alpha(picture: Image.Image) -> Image.Image:
    slope = np.linspace(0, 255, picture.width).astype(np.uint8)
    picture.putalpha(Image.fromarray(np.tile(slope, (picture.height, 1))))
    return picture


def _sixteen_bits(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257 + 100)


_KINDS = {
    "JPEG turned": _turned,
    "JPEG sideways": lambda picture, number: _turned(picture, number + 5 * len(_KINDS)),
    "JPEG progressive": lambda picture, _: _saved(picture, "JPEG", progressive=True, quality=80),
    "JPEG grey": lambda picture, _: _saved(picture.convert("L"), "JPEG"),
    "JPEG CMYK": lambda picture, _: _saved(picture.convert("CMYK"), "JPEG"),
    "JPEG large": lambda picture, _: _saved(picture.resize((1900, 1300)), "JPEG"),
    "PNG": lambda picture, _: _saved(picture, "PNG"),
    "PNG grey": lambda picture, _: _saved(picture.convert("L"), "PNG"),
    "PNG grey, alpha": lambda picture, _: _saved(_with_alpha(picture.convert("L")), "PNG"),
    "PNG alpha": lambda picture, _: _saved(_with_alpha(picture), "PNG"),
    "PNG palette": lambda picture, _: _saved(picture.quantize(60), "PNG"),
    "PNG palette, transparent": lambda picture, _: _saved(picture.quantize(60), "PNG", transparency=3),
    "PNG 16 bits": lambda picture, _: _saved(_sixteen_bits(picture), "PNG"),
    "PNG 1 bit": lambda picture, _: _saved(picture.convert("1"), "PNG"),
    "GIF": lambda picture, _: _saved(picture.quantize(100), "GIF", transparency=5),
    "WEBP": lambda picture, _: _saved(_with_alpha(picture), "WEBP"),
    "BMP": lambda picture, _: _saved(picture, "BMP"),
    "TIFF": lambda picture, _: _saved(picture.convert("CMYK"), "TIFF"),
    "PPM": lambda picture, _: _saved(picture, "PPM"),
}
