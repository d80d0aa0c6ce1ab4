"""A stack of layers while it is being built."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.layers.layer import Layer


@dataclass
class StackDraft:
    """Layers under keys that stay theirs while others come and go; one of them is `chosen` for editing."""

    layers: dict[str, Layer] = field(default_factory=dict)
    chosen: str | None = None

    @classmethod
    def of(cls, layers: Iterable[Layer]) -> "StackDraft":
        draft = cls({_new_key(): layer for layer in layers})
        draft.chosen = next(iter(draft.layers), None)
        return draft

    @property
    def place(self) -> int:
        """Of the chosen layer, counted from 0; -1 where there is none."""
        return list(self.layers).index(self.chosen) if self.chosen in self.layers else -1

    def insert(self, layer: Layer) -> None:
        """Put `layer` after the chosen one, and choose it."""
        items, key = list(self.layers.items()), _new_key()
        items.insert(self.place + 1 if self.chosen in self.layers else len(items), (key, layer))
        self.layers, self.chosen = dict(items), key

    def choose(self, key: str) -> None:
        self.chosen = key

    def duplicate(self) -> None:
        if self.chosen is not None:
            self.insert(self.layers[self.chosen])

    def move(self, by: int) -> None:
        """Move the chosen layer down by one place, or up by -1."""
        items, place = list(self.layers.items()), self.place
        if 0 <= place + by < len(items):
            items[place], items[place + by] = items[place + by], items[place]
            self.layers = dict(items)

    def remove(self) -> None:
        """Take the chosen layer out, and choose its neighbor."""
        keys, place = list(self.layers), self.place
        del self.layers[keys.pop(place)]
        self.chosen = keys[min(place, len(keys) - 1)] if keys else None


def _new_key() -> str:
    return secrets.token_hex(4)
