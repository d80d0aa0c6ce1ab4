"""Makes the pictures of the training benchmark: `python -m tests.benchmarks.pictures FOLDER [--seed N]`.

FOLDER/small gets PNGs of handwritten digits on photographs, FOLDER/photos JPEGs of two megapixels. Each is
laid out as train/<class>/<number> and valid/<class>/<number>, four to one, and the same for the same seed.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

SMALL_SIDE = 140  # pixels
DIGITS = 10
TINTS = ((1.0, 0.9, 0.75), (0.75, 0.9, 1.0))  # warm and cold, of each photograph
VALID_EVERY = 5


def write_small_pngs(folder: Path, count: int = 1900, *, seed: int = 0) -> None:
    """`count` PNGs of 140x140 pixels: scikit-learn's digits in ten classes, on cut-outs of its photographs.

    No digit that stands in a training picture stands in a validation picture.
    """
    generator = np.random.default_rng(seed)
    photos = _photos()
    digits = _digits_by_part(generator)
    for part, number, place, path in _places(folder, count, DIGITS, "png"):
        ink = digits[part][number][place % len(digits[part][number])]
        background = _cut_out(photos[generator.integers(len(photos))], (SMALL_SIDE, SMALL_SIDE), generator)
        _small_picture(ink, background, generator).save(path)


def write_photos(
    folder: Path, count: int = 500, size: tuple[int, int] = (1600, 1200), *, seed: int = 0
) -> None:
    """`count` different JPEGs of `size` in four classes, photos in size and detail."""
    generator = np.random.default_rng(seed)
    photos = _photos()
    width, height = size
    grain = generator.integers(-12, 13, (height, width, 1), np.int16)
    for _, number, _, path in _places(folder, count, len(photos) * len(TINTS), "jpg"):
        photo = _cut_out(photos[number % len(photos)], size, generator)
        down, right = generator.integers(height), generator.integers(width)
        pixels = np.roll(_tinted(photo, TINTS[number // len(photos)]), right, axis=1)
        pixels += np.roll(grain, (down, right), axis=(0, 1))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90)


def _places(folder: Path, count: int, classes: int, suffix: str) -> Iterator[tuple[str, int, int, Path]]:
    """Part, class, number in that class and part, and path of each picture."""
    for index in range(count):
        turn, number = divmod(index, classes)
        part = "valid" if turn % VALID_EVERY == VALID_EVERY - 1 else "train"
        place = turn // VALID_EVERY if part == "valid" else turn - turn // VALID_EVERY
        path = folder / part / f"class-{number}" / f"{place}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part, number, place, path


def _photos() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(photo) for photo in load_sample_images().images]


def _digits_by_part(generator: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """For each part the digits of each class, as ink from 0 to 255, 8x8 pixels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    ink = (data.images * (255 / 16)).astype(np.uint8)
    parts: dict[str, list[np.ndarray]] = {"train": [], "valid": []}
    for number in range(DIGITS):
        shuffled = generator.permutation(ink[data.target == number])
        held_out = len(shuffled) // VALID_EVERY
        parts["valid"].append(shuffled[:held_out])
        parts["train"].append(shuffled[held_out:])
    return parts


def _cut_out(photo: Image.Image, size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """A random window of the photo with the sides' ratio of `size`, at that size."""
    share = generator.uniform(0.4, 0.9) * min(photo.width / size[0], photo.height / size[1])
    width, height = (share * side for side in size)
    left, top = generator.uniform(0, photo.width - width), generator.uniform(0, photo.height - height)
    return photo.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height))


def _small_picture(ink: np.ndarray, background: Image.Image, generator: np.random.Generator) -> Image.Image:
    """The digit in a light colour at a random size and position, on the darkened background, with noise."""
    side = int(generator.integers(SMALL_SIDE * 7 // 8, SMALL_SIDE + 1))
    left, top = (int(offset) for offset in generator.integers(0, SMALL_SIDE - side + 1, 2))
    mask = Image.fromarray(ink).resize((side, side), Image.Resampling.BICUBIC)
    dim = generator.uniform(0.2, 0.5)
    picture = background.point(lambda value: int(value * dim))
    picture.paste(tuple(int(value) for value in generator.integers(140, 256, 3)), (left, top), mask)
    noise = generator.normal(0, 10, (SMALL_SIDE, SMALL_SIDE, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def _tinted(photo: Image.Image, tint: tuple[float, ...]) -> np.ndarray:
    channels = zip(photo.split(), tint, strict=True)
    tinted = [channel.point(lambda value, share=share: int(value * share)) for channel, share in channels]
    return np.asarray(Image.merge("RGB", tinted)).astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_small_pngs(options.folder / "small", seed=options.seed)
    write_photos(options.folder / "photos", seed=options.seed)


if __name__ == "__main__":
    main()
