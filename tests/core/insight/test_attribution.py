from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.errors import Cancelled, ConfigError, InsightError
from core.insight.attribution import Attribution, Method, Settings, attribute
from core.insight.baseline import Baseline
from core.models.cnn_config import Activation, CnnConfig, ConvBlock
from tests.core.insight.networks import (
    OUR_SHAPE,
    our_cnn,
    pretrained_like,
    same_state,
    small_transformer,
    state_of,
)

OURS = Settings(layer="conv3", steps=8)


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("single_logit", [False, True])
def test_every_method_gives_a_number_a_pixel_and_leaves_the_model_alone(
    method: Method, single_logit: bool
) -> None:
    model, x = our_cnn(outputs=1 if single_logit else 10)
    before, picture = state_of(model), x.clone()
    found = attribute(model, x, 1, method, OURS, single_logit=single_logit)
    assert same_state(before, state_of(model))
    assert torch.equal(x, picture)
    assert found.values.shape == OUR_SHAPE[1:]
    assert found.values.dtype == np.float32
    assert (found.method, found.target) == (method, 1)
    assert found.low == found.values.min() < found.values.max() == found.high
    assert not found.is_empty
    with torch.inference_mode():
        logits = model(x)[0]
    assert found.score == pytest.approx((logits[0] if single_logit else logits[1]).item(), rel=1e-4)


@pytest.mark.parametrize("method", [Method.GUIDED, Method.INTEGRATED, Method.OCCLUSION])
def test_a_vision_transformer_can_be_explained_without_maps(method: Method) -> None:
    model, x = small_transformer()
    found = attribute(model, x, 2, method, Settings(steps=4, window=8), single_logit=False)
    assert found.values.shape == (32, 32)
    assert not found.is_empty
    assert ("plain gradient" in found.note) == (method is Method.GUIDED)


def test_two_at_once_on_one_model_do_not_disturb_each_other() -> None:
    model, x = our_cnn()
    jobs = [(method, target) for method in Method for target in range(3)]

    def values(job: tuple[Method, int]) -> np.ndarray:
        return attribute(model, x, job[1], job[0], OURS, single_logit=False).values

    alone = [values(job) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(values, jobs))
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_integrated_gradients_tell_their_gap_from_the_chosen_baseline() -> None:
    model, x = our_cnn()
    settings = Settings(baseline=Baseline.BLACK, black=(-1.0, -2.0, -0.5), steps=60)
    found = attribute(model, x, 0, Method.INTEGRATED, settings, single_logit=False)
    black = torch.tensor([-1.0, -2.0, -0.5]).view(1, 3, 1, 1).expand_as(x)
    with torch.inference_mode():
        assert found.baseline_score == pytest.approx(model(black)[0, 0].item(), rel=1e-4)
    assert found.baseline_score is not None
    assert found.gap == pytest.approx(
        float(found.values.sum()) - (found.score - found.baseline_score), abs=1e-4
    )


def test_a_map_with_nothing_positive_is_empty_and_keeps_why() -> None:
    shape = (3, 16, 16)
    model, x = our_cnn(CnnConfig((ConvBlock(4, activation=Activation.NONE),)), shape, outputs=1)
    found = [
        attribute(model, x, target, Method.GRAD_CAM, Settings(layer="conv1"), single_logit=True)
        for target in (0, 1)
    ]
    with torch.no_grad():  # a score that every activation lowers: weights below 0 on activations above
        model.conv1.weight.zero_()
        model.conv1.bias.fill_(1)
        model.output.weight.fill_(-1)
    empty = attribute(model, x, 1, Method.GRAD_CAM, Settings(layer="conv1"), single_logit=True)
    assert not any(one.is_empty for one in found)
    assert empty.is_empty
    assert empty.high == 0
    assert empty.coarse is not None
    assert empty.coarse.max() < 0


def test_rounding_is_not_taken_for_something_positive() -> None:
    coarse = np.array([[-3.0, 1e-9]], np.float32)
    assert Attribution(Method.GRAD_CAM, 0, np.maximum(coarse, 0), 1.0, coarse=coarse).is_empty
    assert not Attribution(Method.OCCLUSION, 0, coarse, 1.0).is_empty
    assert Attribution(Method.OCCLUSION, 0, np.zeros((2, 2), np.float32), 1.0).is_empty


def test_what_guides_and_what_does_not_is_said() -> None:
    def note(name: str) -> str:
        model, x = pretrained_like(name)
        return attribute(model, x, 0, Method.GUIDED, Settings(), single_logit=False).note

    assert note("resnet18") == ""
    assert "Hardswish" in note("mobilenet_v3_small")


def test_a_network_that_went_astray_says_so() -> None:
    model, x = our_cnn()
    torch.nn.init.constant_(model.output.bias, float("nan"))
    with pytest.raises(InsightError, match="not finite"):
        attribute(model, x, 0, Method.GUIDED, OURS, single_logit=False)


@pytest.mark.parametrize("method", Method)
def test_a_stop_is_obeyed_before_anything_runs(method: Method) -> None:
    model, x = our_cnn()
    with pytest.raises(Cancelled):
        attribute(model, x, 0, method, OURS, single_logit=False, should_stop=lambda: True)


def test_settings_that_do_not_fit_are_refused() -> None:
    model, x = our_cnn()
    with pytest.raises(ConfigError, match="steps"):
        Settings(steps=0)
    with pytest.raises(ConfigError, match="window"):
        attribute(model, x, 0, Method.OCCLUSION, Settings(window=25), single_logit=False)
