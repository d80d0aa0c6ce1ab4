import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.insight.guided import guided_backpropagation
from tests.core.insight.networks import our_cnn, pretrained_like, same_state, state_of

TARGET = 2


class GuidedByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.clone())
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) & (gradient > 0), gradient, 0.0)


def plain_gradient(model: nn.Module, x: torch.Tensor) -> np.ndarray:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(model(x.clone())[0, TARGET], x)[0][0].sum(0).numpy()


@pytest.mark.filterwarnings("ignore:Setting backward hooks", "ignore:Input Tensor 0 did not")
def test_it_is_captums_where_every_relu_is_a_module_and_none_in_place() -> None:
    from captum.attr import GuidedBackprop

    model, x = our_cnn()
    captums = GuidedBackprop(model).attribute(x.clone(), TARGET)[0].sum(0).detach().numpy()
    found = guided_backpropagation(model, x, TARGET, single_logit=False)
    assert np.abs(found.values - captums).max() <= 1e-6 * np.abs(captums).max()
    assert np.abs(found.values - plain_gradient(model, x)).max() > 0.01 * np.abs(captums).max()
    assert found.relus == 4
    assert found.others == ()


def test_a_densenets_functional_and_in_place_relus_are_guided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = pretrained_like("densenet121")
    found = guided_backpropagation(model, x, TARGET, single_logit=False)
    assert found.relus == 1 + 2 * 58 + 3 + 1  # the first, two a layer, one a transition, the last a function
    calls = []

    def relu(value: torch.Tensor, inplace: bool = False) -> torch.Tensor:
        calls.append(inplace)
        return GuidedByHand.apply(value)

    monkeypatch.setattr(F, "relu", relu)
    expected = plain_gradient(model, x)
    assert len(calls) == found.relus
    assert np.abs(found.values - expected).max() <= 1e-6 * np.abs(expected).max()


RELUS = {
    "torch.relu": torch.relu,
    "relu": lambda x: x.relu(),
    "relu_": lambda x: x.clone().relu_(),
    "torch.relu_": lambda x: torch.relu_(x.clone()),
    "function": F.relu,
    "function in place": lambda x: F.relu(x.clone(), inplace=True),
    "position": lambda x: F.relu(x.clone(), True),
    "module": nn.ReLU(),
    "module in place": nn.Sequential(nn.Identity(), nn.ReLU(inplace=True)),
    "relu6": F.relu6,
    "module of 6": nn.ReLU6(inplace=True),
}


class Around(nn.Module):
    """Two places, whose values pass through one ReLU, with gradients of both signs."""

    def __init__(self, relu: object) -> None:
        super().__init__()
        self.relu = relu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        signs = torch.tensor([1.0, -1.0, 1.0, 1.0])
        return (self.relu(x + 0) * signs).sum((2, 3))


@pytest.mark.parametrize("name", RELUS)
def test_every_way_to_write_a_relu_is_guided(name: str) -> None:
    x = torch.tensor([2.0, 3.0, -1.0, 9.0]).view(1, 1, 1, 4)
    found = guided_backpropagation(Around(RELUS[name]), x, 0, single_logit=False)
    cut_at_six = 0.0 if "6" in name else 1.0
    assert found.values.tolist() == [[1.0, 0.0, 0.0, cut_at_six]]
    assert found.relus == 1
    with torch.no_grad():
        assert found.score == Around(RELUS[name])(x).item()


def test_an_in_place_relu_still_writes_into_its_argument() -> None:
    class Reused(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            kept = x * 2
            F.relu(kept, inplace=True)
            return kept.sum((2, 3))

    x = torch.tensor([1.0, -1.0]).view(1, 1, 1, 2)
    found = guided_backpropagation(Reused(), x, 0, single_logit=False)
    assert found.score == 2
    assert found.values.tolist() == [[2.0, 0.0]]


def test_a_network_may_begin_with_a_relu_in_place() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 3))
    x = torch.tensor([1.0, -1.0, 2.0, -2.0]).view(1, 1, 2, 2)
    found = guided_backpropagation(model, x, TARGET, single_logit=False)
    assert x.min() == -2
    assert (found.values[:, 1] == 0).all()


def test_without_relus_it_is_the_plain_gradient_and_names_what_is_there() -> None:
    model, x = pretrained_like("convnext_tiny")
    found = guided_backpropagation(model, x, TARGET, single_logit=False)
    expected = plain_gradient(model, x)
    assert np.abs(found.values - expected).max() <= 1e-6 * np.abs(expected).max()
    assert (found.relus, found.others) == (0, ("GELU",))


def test_other_activations_beside_relus_are_named() -> None:
    model, x = pretrained_like("mobilenet_v3_small")
    found = guided_backpropagation(model, x, TARGET, single_logit=False)
    assert found.relus > 0
    assert "Hardswish" in found.others


def test_the_model_is_left_as_it_was() -> None:
    model, x = pretrained_like("resnet18")
    before = state_of(model)
    guided_backpropagation(model, x, TARGET, single_logit=False)
    assert same_state(before, state_of(model))
