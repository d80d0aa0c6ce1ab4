import pytest
import torch
from torch import nn

from core.insight.stand_in import gradients, pictures_a_pass, stand_in
from tests.core.insight.networks import our_cnn, pretrained_like, same_state, small_transformer, state_of

CASES = {
    "densenet121": lambda: pretrained_like("densenet121"),
    "mobilenet_v3_small": lambda: pretrained_like("mobilenet_v3_small"),
    "transformer": small_transformer,
}


@pytest.mark.parametrize("name", CASES)
def test_it_computes_what_the_model_does_with_the_very_same_weights(name: str) -> None:
    model, x = CASES[name]()
    other = stand_in(model)
    with torch.inference_mode():
        assert torch.equal(other(x), model(x))
    assert [p.data_ptr() for p in other.parameters()] == [p.data_ptr() for p in model.parameters()]
    assert not {id(module) for module in other.modules()} & {id(module) for module in model.modules()}


def test_what_is_done_to_it_is_not_done_to_the_model() -> None:
    model, x = our_cnn()
    model.train()
    before = state_of(model)
    other = stand_in(model)
    assert not any(module.training for module in other.modules())
    assert not any(p.requires_grad for p in other.parameters())
    for module in other.modules():
        module.register_forward_hook(lambda *_: None)
        module.train()
    other.eval().requires_grad_(True)(x).sum().backward()
    assert same_state(before, state_of(model))


def test_hooks_of_others_are_left_behind() -> None:
    model, x = our_cnn()
    calls: list[str] = []
    model[0].register_forward_hook(lambda *_: calls.append("forward"))
    model[0].register_forward_pre_hook(lambda *_: calls.append("before"))
    with torch.inference_mode():
        stand_in(model)(x)
        assert calls == []
        model(x)
    assert calls == ["before", "forward"]


def test_a_module_that_stands_in_two_places_stays_one() -> None:
    layer = nn.Linear(2, 2)
    other = stand_in(nn.Sequential(layer, nn.ReLU(), layer))
    assert other[0] is other[2]


def test_gradients_can_be_taken_wherever_it_is_called() -> None:
    with torch.inference_mode(), gradients():
        x = torch.ones(1).requires_grad_()
        assert torch.autograd.grad((x * 3).sum(), x)[0].item() == 3


def test_more_of_smaller_pictures_fit_in_a_pass() -> None:
    def count(side: int) -> int:
        return pictures_a_pass(torch.empty(1, 3, side, side), at_224=2)

    assert (count(1000), count(224), count(112), count(8)) == (1, 2, 8, 64)
