"""What each of the page's sources gives: a network that can be walked for any picture."""

from collections.abc import Callable
from dataclasses import dataclass

from core.layers.memory import Dtype, WalkMemory, walk_memory
from core.layers.shapes import Shape
from core.models.fitting import FittingSides
from core.models.walk import Walk


def _no_search(shape: Shape) -> FittingSides | None:
    return None


def _nothing(walk: Walk) -> None:
    pass


def _memory_of_rows(walk: Walk, batch: int, dtype: Dtype) -> WalkMemory:
    return walk_memory(walk.rows, walk.input_shape, batch, dtype)


@dataclass(frozen=True)
class Choice:
    """A network as the user chose it; `name` tells it from the others of the page."""

    name: str
    own: Shape  # the picture (C, H, W), or sequence (C, L), that it is made for
    walk: Callable[[Shape], Walk]
    code: Callable[[Shape], str] | None = None  # its PyTorch source for an input; raises LayerError
    editable: bool = False  # whether that code can go on in the editor
    memory: Callable[[Walk, int, Dtype], WalkMemory] = _memory_of_rows  # of a walk without a problem
    fitting: Callable[[Shape], FittingSides | None] = _no_search  # sides that fit, for such a picture
    slow_memory: bool = False  # whether to find that takes seconds
    show_rows: Callable[[Walk], None] = _nothing  # what the source itself says of the walk
    shows_rows: bool = False  # whether it says that among its own controls
