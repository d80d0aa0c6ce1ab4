"""A network while it is being designed."""

import secrets
from dataclasses import dataclass, field

from core.models.cnn_config import CnnConfig, ConvBlock, Head, HiddenLayer


@dataclass
class Draft:
    """The network under construction. A part keeps its key when others come and go, and so its widgets."""

    blocks: dict[str, ConvBlock]
    hidden: dict[str, HiddenLayer]
    head: Head
    key: str = field(default_factory=lambda: new_key())

    @classmethod
    def of(cls, config: CnnConfig) -> "Draft":
        return cls(
            {new_key(): block for block in config.blocks},
            {new_key(): layer for layer in config.hidden},
            config.head,
        )

    def config(self) -> CnnConfig:
        return CnnConfig(tuple(self.blocks.values()), self.head, tuple(self.hidden.values()))

    def insert_after(self, key: str | None, block: ConvBlock) -> None:
        items = list(self.blocks.items())
        place = len(items) if key is None else list(self.blocks).index(key) + 1
        items.insert(place, (new_key(), block))
        self.blocks = dict(items)

    def move_up(self, key: str) -> None:
        items = list(self.blocks.items())
        place = list(self.blocks).index(key)
        items[place - 1], items[place] = items[place], items[place - 1]
        self.blocks = dict(items)


def new_key() -> str:
    return secrets.token_hex(4)
