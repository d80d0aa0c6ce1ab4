"""Which random changes a training picture goes through, and how strong they may be."""

from dataclasses import dataclass

from core.limits import check_range


@dataclass(frozen=True)
class Augmentation:
    """All off by default. Strengths follow torchvision.transforms.v2; each picture draws its own."""

    horizontal_flip: bool = False
    vertical_flip: bool = False
    rotation: float = 0.0  # degrees: the angle is drawn from [-rotation, rotation]
    crop: float = 1.0  # smallest share of the area that a random crop keeps; 1 is no crop
    brightness: float = 0.0  # the factor is drawn from [1 - brightness, 1 + brightness]
    contrast: float = 0.0
    saturation: float = 0.0

    def __post_init__(self) -> None:
        check_range("augmentation's rotation", self.rotation, 0, 180)
        check_range("augmentation's crop", self.crop, 0.05, 1)
        check_range("augmentation's brightness", self.brightness, 0, 1)
        check_range("augmentation's contrast", self.contrast, 0, 1)
        check_range("augmentation's saturation", self.saturation, 0, 1)

    @property
    def is_off(self) -> bool:
        return self == Augmentation()
