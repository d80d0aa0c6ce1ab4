import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from core.insight.randomized import randomized, similarity
from tests.core.insight.networks import our_cnn, pretrained_like, same_state, state_of


@pytest.mark.parametrize("name", ["densenet121", "resnet18", "convnext_tiny"])
def test_all_layers_weights_are_new_and_the_model_is_as_before(name: str) -> None:
    model, x = pretrained_like(name)
    before = state_of(model)
    other = randomized(model, 3, x)
    assert same_state(before, state_of(model))
    modules = zip(model.named_modules(), other.modules(), strict=True)
    for (path, old), new in modules:
        if isinstance(old, nn.Conv2d | nn.Linear):
            assert not torch.equal(old.weight, new.weight), path
            correlation = torch.corrcoef(torch.stack([old.weight.flatten(), new.weight.flatten()]))[0, 1]
            assert abs(correlation.item()) < 5 / old.weight.numel() ** 0.5, path
    assert not any(module.training for module in other.modules())


def test_the_seed_decides_and_the_random_numbers_of_others_do_not_change() -> None:
    model, x = our_cnn()
    state = torch.get_rng_state()
    first, again, other = (randomized(model, seed, x).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


def test_parameters_that_no_layer_draws_keep_mean_and_spread() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(3 + 0.5 * torch.randn(5000))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.scale[0]

    model = Scaled()
    scale = randomized(model, 5, torch.zeros(1, 1, 2, 2)).scale
    assert scale.mean().item() == pytest.approx(3, abs=0.05)
    assert scale.std().item() == pytest.approx(0.5, abs=0.05)
    assert abs(torch.corrcoef(torch.stack([scale, model.scale.detach()]))[0, 1].item()) < 0.1


@pytest.mark.parametrize("name", ["densenet121", "resnet18"])
def test_activations_neither_fade_nor_explode(name: str) -> None:
    model, x = pretrained_like(name)
    for module in model.modules():  # statistics as of a network that was trained: nothing for new weights
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 20, 40)
    spreads = []
    other = randomized(model, 0, x)
    for module in other.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda *call: spreads.append(call[2].std().item()))
    with torch.inference_mode():
        logits = other(torch.cat([x, torch.randn_like(x)]))
    assert 0.1 < min(spreads) < max(spreads) < 10
    assert (logits[0] - logits[1]).abs().max() > 1e-3


def test_similarity_is_scipys_rank_correlation_of_absolute_values() -> None:
    generator = np.random.default_rng(0)
    a = generator.integers(-4, 5, (7, 9)).astype(np.float32)  # with many equal ones
    b = a + generator.normal(0, 2, (7, 9)).astype(np.float32)
    expected = spearmanr(np.abs(a).ravel(), np.abs(b).ravel()).statistic
    assert similarity(a, b) == pytest.approx(expected, abs=1e-12)


def test_similarity_sees_order_only() -> None:
    a = np.random.default_rng(1).normal(size=(5, 5))
    assert similarity(a, -3 * a) == pytest.approx(1)
    assert similarity(a, 1 / a) == pytest.approx(-1)
    assert similarity(a, np.full((5, 5), 2.0)) is None
