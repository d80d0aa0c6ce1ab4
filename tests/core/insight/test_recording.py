"""What is shown of a layer is what it put out, whatever was done to it in place later."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from core.insight.places import map_places
from core.insight.recording import maps_of, record
from core.insight.subject import Subject
from core.models.traced import traced
from tests.core.insight.networks import (
    RESIDUAL_CNN,
    Case,
    NothingInPlace,
    our_cnn,
    pretrained_like,
    same_state,
    small_transformer,
    state_of,
)

CASES = {
    "densenet121": lambda: pretrained_like("densenet121"),
    "resnet18": lambda: pretrained_like("resnet18"),
    "vgg11": lambda: pretrained_like("vgg11"),
    "mobilenet_v3_small": lambda: pretrained_like("mobilenet_v3_small"),
    "convnext_tiny": lambda: pretrained_like("convnext_tiny"),
    "our CNN": our_cnn,
    "our residual CNN": lambda: our_cnn(RESIDUAL_CNN),
}


def subject_of(case: Case) -> Subject:
    walk = traced(copy.deepcopy(case.model), tuple(case.x.shape[1:]))  # type: ignore[arg-type]
    return Subject("key", "name", case.model, None, (), False, walk)  # type: ignore[arg-type]


def reference_outputs(case: Case) -> dict[str, list[torch.Tensor]]:
    """Outputs of every module, of each of its calls, in a pass where nothing happens in place."""
    outputs: dict[str, list[torch.Tensor]] = {name: [] for name, _ in case.model.named_modules()}
    hooks = []
    for name, module in case.model.named_modules():

        def keep(module: nn.Module, args: tuple, output: Any, name: str = name) -> None:
            if isinstance(output, torch.Tensor):
                outputs[name].append(output)

        hooks.append(module.register_forward_hook(keep))
    with torch.no_grad(), NothingInPlace():
        case.model(case.x)
    for hook in hooks:
        hook.remove()
    return outputs


def _same(shown: torch.Tensor, output: torch.Tensor) -> bool:
    """Equal, perhaps after the channels were brought to the front or to the end, as ConvNeXt does."""
    orders = [shown, *([shown.movedim(-1, 1), shown.movedim(1, -1)] if shown.ndim == 4 else [])]
    return any(torch.equal(order, output) for order in orders)


@pytest.mark.parametrize("name", CASES)
def test_every_module_is_shown_as_in_a_pass_without_in_place_operations(name: str) -> None:
    case = CASES[name]()
    expected = reference_outputs(case)
    subject = subject_of(case)
    recording = record(subject, case.x, budget=1 << 40)
    rows: dict[str, list[int]] = {}
    for row, line in enumerate(subject.walk.rows):
        rows.setdefault(line.name, []).append(row)
    compared = 0
    for module, outputs in expected.items():
        own = rows.get(module, [])
        if len(own) == len(outputs):
            for row, output in zip(own, outputs, strict=True):
                assert torch.equal(recording.outputs[row], output), (module, row)
        else:  # it holds others, or only passes on: one of their outputs is its own
            for output in outputs:
                assert any(_same(shown, output) for shown in (case.x, *recording.outputs.values())), module
        compared += bool(outputs)
    assert compared >= len(expected) - 1
    assert torch.equal(recording.logits, expected[""][0])


def test_densenets_modules_are_all_compared() -> None:
    model = pretrained_like("densenet121").model
    convolutions = sum(isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.ReLU) for module in model.modules())
    subject = subject_of(pretrained_like("densenet121"))
    assert (
        sum(row.layer in ("Conv2d", "BatchNorm2d", "ReLU") for row in subject.walk.rows) == convolutions + 1
    )
    # The one more is F.relu(x, inplace=True), which DenseNet calls between its modules.


@pytest.mark.parametrize("name", ["densenet121", "resnet18", "our residual CNN"])
def test_the_model_is_left_as_it_was(name: str) -> None:
    case = CASES[name]()
    before, output = state_of(case.model), case.model(case.x).detach()
    record(subject_of(case), case.x)
    assert same_state(before, state_of(case.model))
    assert torch.equal(case.model(case.x), output)


def test_a_recording_keeps_no_more_than_its_budget_and_the_rest_can_be_asked_for() -> None:
    case = pretrained_like("resnet18")
    subject = subject_of(case)
    whole = record(subject, case.x, budget=1 << 40)
    small = record(subject, case.x, budget=1_000_000)
    assert sum(output.nbytes for output in small.outputs.values()) <= 1_000_000
    missing = next(row for row in whole.outputs if row not in small.outputs)
    again = record(subject, case.x, [missing])
    assert list(again.outputs) == [missing]
    assert torch.equal(again.outputs[missing], whole.outputs[missing])


@pytest.mark.parametrize("name", CASES)
def test_maps_have_their_channels_in_front(name: str) -> None:
    case = CASES[name]()
    subject = subject_of(case)
    recording = record(subject, case.x, budget=1 << 40)
    places = map_places(subject.walk)
    assert places
    for place in places:
        maps = maps_of(subject, recording, place.row)
        assert maps.shape == (1, *place.shape), place
        assert maps.dtype == "float32"


def test_a_layer_that_works_on_places_is_turned() -> None:
    case = pretrained_like("convnext_tiny")
    subject = subject_of(case)
    row = next(row for row, line in enumerate(subject.walk.rows) if line.name == "features.1.0.block.3")
    recording = record(subject, case.x, [row])
    assert recording.outputs[row].shape == (1, 16, 16, 384)
    assert torch.equal(
        torch.from_numpy(maps_of(subject, recording, row)), recording.outputs[row].permute(0, 3, 1, 2)
    )


def test_two_pictures_at_once() -> None:
    case = our_cnn()
    subject = subject_of(case)
    both = torch.cat([case.x, -case.x])
    row = map_places(subject.walk)[0].row
    one = maps_of(subject, record(subject, case.x, [row]), row)
    two = maps_of(subject, record(subject, both, [row]), row)
    assert two.shape == (2, *one.shape[1:])
    torch.testing.assert_close(torch.from_numpy(two[:1]), torch.from_numpy(one))


def test_a_transformer_can_be_recorded_where_it_has_maps() -> None:
    case = small_transformer()
    subject = subject_of(case)
    places = map_places(subject.walk)
    assert [place.name for place in places] == ["conv_proj"]
    recording = record(subject, case.x)
    assert maps_of(subject, recording, places[0].row).shape == (1, 16, 4, 4)
