"""Our arithmetic of a layer against the module that it stands for, run on a real tensor.

On the processor, not on the meta device, which accepts a negative padding and a dilation of 0; and by
PyTorch's own kernels, which are faster on tensors this small than those of oneDNN, and answer the same.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.shapes import Shape

SEEDS, DRAWS = 500, 20


def assert_agrees(layer: Layer, make: Callable[[], nn.Module], input_shape: Shape) -> bool:
    """Same output shape and parameters, or refused by both: `make` builds the torch module.

    Returns whether both accept.
    """
    expected = _answer_of_torch(make, input_shape)
    try:
        found = layer.output_shape(input_shape), layer.parameters
    except LayerError:
        found = None
    assert found == expected, f"{layer} on {input_shape}"
    return found is not None


def assert_agrees_always(
    draw: Callable[[Random], tuple[Layer, Shape]], module_of: Callable[[Layer], nn.Module]
) -> None:
    """Agreement over 10,000 settings and inputs that `draw` makes, of which many fit and many don't."""
    answers: Counter[bool] = Counter()

    @settings(max_examples=SEEDS, deadline=None)
    @given(seed=st.integers(0, 2**63))
    def compare(seed: int) -> None:
        random = Random(seed)
        for _ in range(DRAWS):
            layer, shape = draw(random)
            answers[assert_agrees(layer, lambda layer=layer: module_of(layer), shape)] += 1

    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.backends.mkldnn.flags(enabled=False):
            compare()
    assert answers.total() >= SEEDS * DRAWS
    assert min(answers[True], answers[False]) > answers.total() / 10, answers


@contextmanager
def one_thread() -> Iterator[None]:
    """On tensors this small, several threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side(random: Random, most: int = 14) -> int:
    """A side of a map: mostly small, where settings stop fitting, and sometimes that of a real picture."""
    return random.randint(15, 224) if random.random() < 0.02 else random.randint(1, most)


def pair(random: Random, low: int, high: int) -> tuple[int, int]:
    """Two numbers, half of the time the same."""
    first = random.randint(low, high)
    return first, first if random.random() < 0.5 else random.randint(low, high)


def seldom(random: Random, rare: int, value: int) -> int:
    """`value`, but now and then one that no layer takes."""
    return rare if random.random() < 0.02 else value


def _answer_of_torch(make: Callable[[], nn.Module], input_shape: Shape) -> tuple[Shape, int] | None:
    """Output shape and parameters; None where torch refuses, or makes a map without a single value."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        try:
            module = make()
            output = module(torch.zeros(2, *input_shape))
        except (ValueError, RuntimeError):
            return None
    if not output.numel():
        return None
    return tuple(output.shape[1:]), sum(weight.numel() for weight in module.parameters())
