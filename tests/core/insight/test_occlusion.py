import numpy as np
import pytest
import torch
from torch import nn

from core.errors import Cancelled, ConfigError
from core.insight.occlusion import Windows, occlusion, windows_of
from tests.core.insight.networks import our_cnn, same_state, state_of

TARGET = 4


def test_windows_are_alike_and_cover_the_whole_picture() -> None:
    windows = Windows(10, 7, side=4, stride=3)
    assert windows.corners == [(row, column) for row in (0, 3, 6) for column in (0, 3)]
    moved = Windows(11, 7, side=4, stride=3)
    assert [row for row, column in moved.corners if column == 0] == [0, 3, 6, 7]
    assert Windows(4, 4, side=4, stride=1).corners == [(0, 0)]


def test_windows_are_an_eighth_of_the_smaller_side_and_overlap_by_half() -> None:
    assert windows_of(224, 320) == Windows(224, 320, 28, 14)
    assert windows_of(8, 8) == Windows(8, 8, 1, 1)
    assert windows_of(5, 4) == Windows(5, 4, 1, 1)
    assert windows_of(32, 32, side=9) == Windows(32, 32, 9, 4)


@pytest.mark.parametrize(("side", "stride"), [(9, 3), (0, 1), (4, 5), (4, 0)])
def test_windows_that_leave_gaps_or_stick_out_are_refused(side: int, stride: int) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        Windows(8, 20, side, stride)


@pytest.mark.parametrize(("side", "stride"), [(6, 3), (4, 4), (24, 1)])
def test_it_is_captums_where_no_window_sticks_out(side: int, stride: int) -> None:
    from captum.attr import Occlusion

    model, x = our_cnn()
    cover = torch.full_like(x, 0.3)
    with torch.inference_mode():
        captums = Occlusion(model).attribute(
            x, (3, side, side), (3, stride, stride), baselines=cover, target=TARGET, perturbations_per_eval=8
        )
    found = occlusion(model, x, TARGET, cover, Windows(24, 24, side, stride), single_logit=False)
    expected = captums[0, 0].numpy()
    assert np.abs(found.values - expected).max() <= 1e-5 * np.abs(expected).max()
    assert found.values.dtype == np.float32


def test_of_a_sum_of_pixels_each_is_worth_what_its_windows_hold() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 1, bias=False))
    nn.init.ones_(model[1].weight)
    x = torch.randn(1, 1, 5, 6)
    single = occlusion(model, x, 0, torch.zeros_like(x), Windows(5, 6, 1, 1), single_logit=False)
    assert np.allclose(single.values, x[0, 0].numpy(), atol=1e-5)
    even = occlusion(
        model, torch.ones_like(x), 0, torch.zeros_like(x), Windows(5, 6, 2, 2), single_logit=False
    )
    assert np.allclose(even.values, 4, atol=1e-5)  # also at the edge, where the last window was moved back


def test_it_falls_most_where_what_the_class_is_told_by_is_covered() -> None:
    class Bright(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([x[:, 0, 2:4, 5:7].mean((1, 2)), x[:, 0].mean((1, 2))], 1)

    found = occlusion(
        Bright(), torch.ones(1, 1, 8, 8), 0, torch.zeros(1, 1, 8, 8), Windows(8, 8, 2, 1), single_logit=False
    )
    assert np.unravel_index(found.values.argmax(), (8, 8)) in [(2, 5), (2, 6), (3, 5), (3, 6)]
    assert (found.values[5:] == 0).all()


def test_progress_counts_the_windows_and_a_stop_is_obeyed_between_passes() -> None:
    model, x = our_cnn(shape=(3, 112, 112))
    told: list[tuple[int, int]] = []
    before = state_of(model)

    def run(stop_after: int) -> None:
        occlusion(
            model,
            x,
            TARGET,
            torch.zeros_like(x),
            Windows(112, 112, 16, 16),
            single_logit=False,
            should_stop=lambda: len(told) >= stop_after,
            on_progress=lambda done, total, what: told.append((done, total)),
        )

    run(stop_after=100)
    assert told == [(0, 49), (32, 49), (49, 49)]
    told.clear()
    with pytest.raises(Cancelled):
        run(stop_after=1)
    assert told == [(0, 49)]
    assert same_state(before, state_of(model))
