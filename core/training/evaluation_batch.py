"""How many pictures an evaluation looks at together. No torch."""

SMALLEST, LARGEST = 16, 1024  # pictures in a batch
PIXELS = {"cpu": 1 << 18, "cuda": 1 << 23}  # of all pictures in a batch: more is no faster


def evaluation_batch(side: tuple[int, int], device: str) -> int:
    """Pictures of `side` (height, width in pixels) that are looked at together."""
    pixels = PIXELS.get(device, PIXELS["cpu"])
    return min(max(pixels // (side[0] * side[1]), SMALLEST), LARGEST)
