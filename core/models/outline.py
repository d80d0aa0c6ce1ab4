"""A backbone with a head of its own: its layers, and the blocks that train or stay; without weights."""

from dataclasses import dataclass
from functools import lru_cache

from core.models.cutting import Block, cuttable
from core.models.heads import find_head
from core.models.saved_build import empty_network
from core.models.saved_model import SavedFineTuned
from core.models.traced import traced
from core.models.walk import Walk
from core.models.weights_file import model_on_meta


@dataclass(frozen=True)
class Outline:
    """`blocks` in the order of computation, the head last; `sizes` are their parameters."""

    walk: Walk
    blocks: tuple[Block, ...]
    sizes: tuple[int, ...]

    @property
    def parameters(self) -> int:
        return sum(self.sizes)

    def trainable(self, trained: int) -> int:
        """Parameters of the last `trained` blocks."""
        return sum(self.sizes[len(self.sizes) - trained :])

    def first_trained_row(self, trained: int) -> int:
        """The first row of the walk with parameters of the last `trained` blocks."""
        blocks = self.blocks[len(self.blocks) - trained :]
        layers = {name.rpartition(".")[0] for block in blocks for name in block.parameters}
        rows = (index for index, row in enumerate(self.walk.rows) if row.name in layers)
        return next(rows, len(self.walk.rows))


@lru_cache(maxsize=16)
def outline_of(saved: SavedFineTuned) -> Outline:
    """The outline of the network that `saved` describes.

    Raises:
        ConfigError: no backbone has this name, or it can't be cut.
    """
    network = empty_network(saved)
    head = find_head(model_on_meta(saved.backbone)).name
    blocks = cuttable(network, saved.preprocessing.shape, head).blocks
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    of_blocks = tuple(sum(sizes[name] for name in block.parameters) for block in blocks)
    return Outline(traced(network, saved.preprocessing.shape), blocks, of_blocks)
