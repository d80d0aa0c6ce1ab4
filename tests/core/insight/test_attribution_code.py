"""The code for a map runs as it stands, and gives the numbers of `attribute`."""

import re
from pathlib import Path

import pytest

from core.insight.attribution import Attribution, Method, Settings, attribute
from core.insight.baseline import Baseline, black_of
from core.insight.code import attribution_code, grad_cam_code, load_run, load_torchvision
from core.insight.grad_cam_layers import grad_cam_layers
from core.insight.reference import BEST, Source, SubjectRef
from core.insight.sources import open_subject, weights_file
from core.insight.subject import Subject
from core.models.backbone_choice import TRAINED
from core.models.saved_model import SavedModel, load_model_description
from core.runs.store import Run
from core.workspace import Workspace
from pages.look.codes import settings_line
from tests.core.insight.test_code import backbone, photo, said_by_python, said_here
from tests.pages.look.altered import as_single_logit
from tests.pages.runs import run, trained_folder

__all__ = ["backbone", "photo", "run", "trained_folder"]

BLOCKS = "layer3", "layer4.0.conv1", "layer4.1.relu"  # the last is called twice, and writes in place


def explained(subject: Subject, photo: str, target: int, method: Method, settings: Settings) -> Attribution:
    x = subject.batch([subject.read(Path(photo))])
    return attribute(subject.model, x, target, method, settings, single_logit=subject.single_logit)


def plain(run: Run, photo: str) -> str:
    saved = load_model_description(run.folder)
    assert isinstance(saved, SavedModel)
    return load_run(saved, weights_file(run, SubjectRef(Source.RUN, run.id, BEST)), photo)


def check_range(said: str, found: Attribution) -> None:
    low, high = re.fullmatch(r"([-\d.e]+) to ([-\d.e]+)\n", said).groups()  # type: ignore[union-attr]
    assert (float(low), float(high)) == pytest.approx((found.low, found.high), rel=1e-4, abs=1e-7)


def test_grad_cam_of_a_run_at_each_of_its_layers(workspace: Workspace, run: Run, photo: str) -> None:
    subject = open_subject(workspace, SubjectRef(Source.RUN, run.id, BEST))
    highs = []
    for layer in grad_cam_layers(subject.walk):
        for target in (0, 7):
            found = explained(subject, photo, target, Method.GRAD_CAM, Settings(layer=layer))
            check_range(said_here(grad_cam_code(plain(run, photo), layer, target, single_logit=False)), found)
            highs.append(found.high)
    assert len(set(highs)) == len(highs) >= 4


def test_grad_cam_of_both_classes_of_a_single_logit(workspace: Workspace, run: Run, photo: str) -> None:
    as_single_logit(run)
    subject = open_subject(workspace, SubjectRef(Source.RUN, run.id, BEST))
    highs = []
    for target in (0, 1):
        found = explained(subject, photo, target, Method.GRAD_CAM, Settings(layer="conv2"))
        check_range(said_here(grad_cam_code(plain(run, photo), "conv2", target, single_logit=True)), found)
        highs.append(found.high)
    assert highs[0] != highs[1]


@pytest.mark.parametrize("layer", BLOCKS)
def test_grad_cam_of_a_backbone(backbone: Subject, photo: str, layer: str) -> None:
    maps = (
        explained(backbone, photo, target, Method.GRAD_CAM, Settings(layer=layer)) for target in range(20)
    )
    found = next(found for found in maps if not found.is_empty)
    loading = load_torchvision(backbone.name, photo)
    check_range(said_here(grad_cam_code(loading, layer, found.target, single_logit=False)), found)


@pytest.mark.slow
def test_plain_code_needs_nothing_of_this_project(
    workspace: Workspace, run: Run, photo: str, tmp_path: Path
) -> None:
    code = grad_cam_code(plain(run, photo), "conv2", 3, single_logit=False)
    subject = open_subject(workspace, SubjectRef(Source.RUN, run.id, BEST))
    found = explained(subject, photo, 3, Method.GRAD_CAM, Settings(layer="conv2"))
    check_range(said_by_python(code, tmp_path, PYTHONPATH=""), found)


@pytest.mark.slow
def test_code_with_core_runs_as_it_stands(workspace: Workspace, run: Run, photo: str) -> None:
    as_single_logit(run)
    own, lite0 = (
        SubjectRef(Source.RUN, run.id, BEST),
        SubjectRef(Source.BACKBONE, "efficientnet_lite0", TRAINED),
    )
    asked = [
        (own, 0, Method.OCCLUSION, {"cover": Baseline.BLURRED, "window": 3}),
        (own, 1, Method.INTEGRATED, {"baseline": Baseline.GREY, "steps": 10}),
        (lite0, 985, Method.GUIDED, {}),
        (lite0, 985, Method.GRAD_CAM, {"layer": "blocks.10"}),
    ]
    codes, expected = [], []
    for ref, target, method, settings in asked:
        subject = open_subject(workspace, ref)
        given = Settings(black=black_of(subject.receives), **settings)  # type: ignore[arg-type]
        found = explained(subject, photo, target, method, given)
        expected.append((subject.classes[target], found.score, found.low, found.high))
        line = settings_line(given).replace("'picture.png'", repr(photo))
        codes.append(attribution_code(ref, target, f"Method.{method.name}", line))
    code = "\n".join(codes).replace("'picture.png'", repr(photo))
    said = said_here(code).splitlines()
    assert len(said) == len(expected)
    for line, (name, *numbers) in zip(said, expected, strict=True):
        words = line.rsplit(maxsplit=3)
        assert words[0] == name
        assert list(map(float, words[1:])) == pytest.approx(numbers, rel=1e-4, abs=1e-6)


def test_only_settings_that_are_not_the_usual_ones_are_written() -> None:
    assert settings_line(Settings()) == "Settings()"
    given = Settings(baseline=Baseline.GREY, steps=10, black=(-1.0, 0.5, 0.0))
    line = settings_line(given)
    assert line == "Settings(baseline=Baseline.GREY, steps=10, black=(-1.0, 0.5, 0.0))"
    assert eval(line, {"Settings": Settings, "Baseline": Baseline}) == given
