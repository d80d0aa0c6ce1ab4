import contextlib
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core.models.cnn import build_cnn
from core.models.presets import PRESETS
from core.training.config import Precision
from core.training.execution import Execution
from core.training.kernels import Forward, autocast, kernels_of, learning_forward, pooled_early

PLAIN = Execution("cpu", Precision.FLOAT32, True, 1, 8)
FEW_VALUES = (-2.0, -1.0, -1e-30, -0.0, 0.0, 0.0, 1e-30, 1.0, 1.0, 3.0)  # ties, zeros, negatives


@st.composite
def poolings(draw: st.DrawFn) -> tuple[nn.MaxPool2d, Tensor]:
    """A max pooling, and maps (B, C, H, W) that it can work on."""
    kernel = draw(st.integers(1, 4))
    stride, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 2))
    # A window of nothing but padding makes torch write outside of its memory on the way back.
    padding = draw(st.integers(0, kernel // 2 if dilation == 1 else 0))
    ceil_mode = draw(st.booleans())
    smallest = max(1, dilation * (kernel - 1) + 1 - 2 * padding)
    shape = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(smallest, 9)),
        draw(st.integers(smallest, 9)),
    )
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    if draw(st.booleans()):
        maps = torch.randn(shape, generator=generator)
    else:
        maps = torch.tensor(FEW_VALUES)[torch.randint(len(FEW_VALUES), shape, generator=generator)]
    if draw(st.booleans()):
        maps = maps.to(memory_format=torch.channels_last)
    return nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode), maps


def through(forward: Forward, maps: Tensor, down: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The result, the gradient that comes back to `maps`, and the one that was sent, all as they are."""
    maps = maps.detach().clone().requires_grad_()
    result = forward(maps)
    if down is None:
        down = torch.randn(result.shape).to(result.dtype)
    result.backward(down)
    assert maps.grad is not None
    return result.detach(), maps.grad, down


@settings(max_examples=100, deadline=None)
@given(poolings(), st.sampled_from([torch.float32, torch.bfloat16]))
def test_pooling_before_the_relu_gives_the_same_maps_and_gradients(
    case: tuple[nn.MaxPool2d, Tensor], dtype: torch.dtype
) -> None:
    pool, maps = case
    plain = nn.Sequential(nn.ReLU(), pool)
    result, gradient, down = through(plain, maps.to(dtype))
    early, its_gradient, _ = through(pooled_early(plain), maps.to(dtype), down)
    assert torch.equal(early, result)
    assert torch.equal(its_gradient, gradient)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("preset", ["lecture", "small-vgg", "lenet-5"])
def test_a_step_of_a_network_is_the_same_to_the_bit(
    preset: str, channels_last: bool, precision: Precision
) -> None:
    chosen = PRESETS[preset]
    shape = (chosen.color.channels, 32, 32)
    execution = replace(PLAIN, precision=precision, channels_last=channels_last)
    model = build_cnn(chosen.config, shape, 10)
    pictures = torch.randn(4, *shape)
    if channels_last:
        model, pictures = (
            model.to(memory_format=torch.channels_last),
            pictures.to(memory_format=torch.channels_last),
        )
    seen = []
    for forward in (model, learning_forward(model, execution)):
        torch.manual_seed(1)  # for dropout
        model.zero_grad()
        with autocast(execution):
            logits = forward(pictures)
        logits.float().square().mean().backward()
        seen.append([logits.detach().clone(), *(p.grad.clone() for p in model.parameters())])
    assert len(seen[0]) > 5
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*seen, strict=True))


@pytest.mark.parametrize("end", [(), (nn.AdaptiveAvgPool2d(1),)])
@pytest.mark.parametrize("channels_last", [True, False])
def test_gradients_come_back_in_the_layout_of_the_maps(
    end: tuple[nn.Module, ...], channels_last: bool
) -> None:
    layout = torch.channels_last if channels_last else torch.contiguous_format
    seen: list[Tensor] = []
    last = nn.Conv2d(3, 4, 3)
    last.register_full_backward_hook(lambda module, incoming, outgoing: seen.append(outgoing[0]))
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), last, *end, nn.Flatten())
    maps = torch.randn(2, 2, 8, 8).to(memory_format=layout)
    through(pooled_early(model.to(memory_format=layout)), maps)
    (gradient,) = seen
    assert gradient.shape == (2, 4, 4, 4)
    assert gradient.is_contiguous(memory_format=layout)


def test_only_a_relu_right_before_a_max_pooling_moves() -> None:
    order: list[str] = []
    layers = [
        nn.ReLU(),
        nn.MaxPool2d(2),  # this pair turns
        nn.LeakyReLU(),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Dropout(0.0),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.ReLU(),
        nn.MaxPool2d(1),
        nn.MaxPool2d((1, 1), dilation=(1, 1)),  # this ReLU goes behind both
    ]
    names = [f"{index} {type(layer).__name__}" for index, layer in enumerate(layers)]
    for name, layer in zip(names, layers, strict=True):
        layer.register_forward_hook(lambda *_, name=name: order.append(name))
    model = nn.Sequential(*layers)
    pooled_early(model)(torch.randn(1, 1, 16, 16))
    assert order == [names[i] for i in (1, 0, 2, 3, 4, 5, 6, 7, 8, 10, 11, 9)]
    assert list(model) == layers
    order.clear()
    model(torch.randn(1, 1, 16, 16))
    assert order == names


def test_in_a_network_of_the_designer_every_relu_works_on_pooled_maps() -> None:
    chosen = PRESETS["lecture"]
    model = build_cnn(chosen.config, (3, 32, 32), 10)
    sizes: dict[str, tuple[int, ...]] = {}
    for name, layer in model.named_children():
        layer.register_forward_hook(lambda _, given, __, name=name: sizes.update({name: given[0].shape}))
    learning_forward(model, PLAIN)(torch.randn(1, 3, 32, 32))
    pools = [name for name, layer in model.named_children() if isinstance(layer, nn.MaxPool2d)]
    assert len(pools) > 1
    for pool in pools:
        rectified = sizes[pool.replace("pool", "activation")]
        assert math.prod(rectified) == math.prod(sizes[pool]) // 4


@pytest.mark.parametrize("kind", [nn.Module, nn.Sequential])
def test_a_network_with_a_forward_pass_of_its_own_runs_as_it_is(kind: type[nn.Module]) -> None:
    class Network(kind):
        def forward(self, x: Tensor) -> Tensor:
            return x

    network = Network()
    assert pooled_early(network) is network
    assert learning_forward(network, PLAIN) is network


def test_a_window_of_nothing_but_padding_stays_without_a_maximum() -> None:
    model = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2, 1, padding=1, dilation=2))
    pixel = torch.zeros(1, 1, 1, 1)
    assert model(pixel).item() == -torch.inf
    assert torch.equal(pooled_early(model)(pixel), model(pixel))


@pytest.mark.parametrize("deterministic", [pytest.param(True, marks=pytest.mark.slow), False])
def test_threads_and_kernels_are_as_before_afterwards_also_after_an_error(deterministic: bool) -> None:
    def now() -> tuple[int, bool, bool, bool]:
        return (
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.backends.cudnn.benchmark,
        )

    threads = torch.get_num_threads()
    before = now()
    on_a_gpu = replace(PLAIN, device="cuda:0", threads=threads + 1)  # a processor has no other kernels
    within = kernels_of(on_a_gpu, deterministic=deterministic)
    with contextlib.suppress(ZeroDivisionError), within:
        assert now() == (threads + 1, deterministic, deterministic, not deterministic)
        raise ZeroDivisionError
    assert now() == before


def test_bfloat16_is_for_learning_in_it_alone() -> None:
    layer, x = nn.Linear(3, 2), torch.ones(1, 3)
    with autocast(replace(PLAIN, precision=Precision.BFLOAT16)):
        assert layer(x).dtype is torch.bfloat16
    with autocast(PLAIN):
        assert layer(x).dtype is torch.float32
