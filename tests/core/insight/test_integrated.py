import numpy as np
import pytest
import torch
from torch import nn

from core.errors import Cancelled
from core.insight.integrated import integrated_gradients
from tests.core.insight.networks import NothingInPlace, our_cnn, pretrained_like, same_state, state_of

TARGET = 1


def test_of_a_linear_network_each_pixel_adds_its_weight_times_its_difference() -> None:
    linear = nn.Linear(2 * 3 * 4, 3)
    x, baseline = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 3, 4)
    found = integrated_gradients(
        nn.Sequential(nn.Flatten(), linear), x, TARGET, baseline, 5, single_logit=False
    )
    expected = (linear.weight[TARGET].view(2, 3, 4) * (x - baseline)[0]).sum(0).detach().numpy()
    assert np.allclose(found.values, expected, atol=1e-6)
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_values_add_up_to_the_rise_of_the_score_the_better_the_more_steps() -> None:
    model, x = our_cnn()
    few, many = (
        integrated_gradients(model, x, TARGET, torch.zeros_like(x), steps, single_logit=False)
        for steps in (3, 300)
    )
    rise = many.score - many.baseline_score
    assert many.values.sum() == pytest.approx(rise, abs=0.01 * abs(rise))
    assert abs(many.gap) < abs(few.gap)
    assert few.gap == pytest.approx(few.values.sum() - rise, abs=1e-5)
    with torch.inference_mode():
        expected = (model(x) - model(torch.zeros_like(x)))[0, TARGET].item()
    assert rise == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["densenet121", "resnet18"])
def test_operations_in_place_do_not_change_it(name: str) -> None:
    model, x = pretrained_like(name)
    baseline, steps = torch.zeros_like(x), 3
    found = integrated_gradients(model, x, TARGET, baseline, steps, single_logit=False)
    places, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        point = (baseline + float(place) * (x - baseline)).requires_grad_()
        with NothingInPlace():
            score = model(point)[0, TARGET]
        total += float(weight) * torch.autograd.grad(score, point)[0]
    expected = (total * (x - baseline))[0].sum(0).numpy()
    assert np.abs(found.values - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_network_may_begin_with_an_operation_in_place() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 3))
    x = torch.tensor([1.0, -1.0, 2.0, -2.0]).view(1, 1, 2, 2)
    found = integrated_gradients(model, x, TARGET, torch.zeros_like(x), 4, single_logit=False)
    assert x.min() == -2
    assert (found.values[:, 1] == 0).all()
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_progress_counts_the_steps_and_a_stop_is_obeyed_between_passes() -> None:
    model, x = our_cnn(shape=(3, 112, 112))
    told: list[tuple[int, int]] = []
    before = state_of(model)

    def run(stop_after: int) -> None:
        integrated_gradients(
            model,
            x,
            TARGET,
            torch.zeros_like(x),
            20,
            single_logit=False,
            should_stop=lambda: len(told) >= stop_after,
            on_progress=lambda done, total, what: told.append((done, total)),
        )

    run(stop_after=100)
    assert told == [(0, 20), (8, 20), (16, 20), (20, 20)]
    told.clear()
    with pytest.raises(Cancelled):
        run(stop_after=1)
    assert told == [(0, 20)]
    assert same_state(before, state_of(model))
