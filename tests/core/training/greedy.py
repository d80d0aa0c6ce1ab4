"""A layer for which the memory really is too small as soon as too many pictures go through it at once."""

import torch
from torch import Tensor, nn

TOO_MUCH = 10**15  # values


class Greedy(nn.Identity):
    """Passes (B, ...) on, if B is at most `most`; `seen` lists every B that it met."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        if len(x) > self.most:
            torch.empty(TOO_MUCH)
        return x

    def __deepcopy__(self, memo: object) -> "Greedy":
        """Itself, so that what copies of a network meet is seen too."""
        return self
