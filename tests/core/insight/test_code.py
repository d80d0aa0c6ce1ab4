"""The code that the pages hand over runs as it stands, and gives the numbers that they show."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from sklearn.datasets import load_sample_image

from core.insight.code import (
    filter_code,
    load_run,
    load_torchvision,
    load_with_core,
    map_code,
    map_core_code,
)
from core.insight.filters import filter_layers, weights_of
from core.insight.places import MapPlace, map_places
from core.insight.recording import maps_of, record
from core.insight.reference import BEST, Source, SubjectRef, at_epoch
from core.insight.sources import open_subject, weights_file
from core.insight.subject import Subject
from core.models.backbone_choice import TRAINED
from core.models.saved_model import load_model_description
from core.models.weights import download_of
from core.runs.store import Run
from core.workspace import Workspace
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]

BACKBONE = "resnet18"
PLAIN = MappingProxyType({"is_turned": False, "pools": True})
LINE = re.compile(r"(?:filter|channel) (\d+): (?:norm|mean) ([-\d.e]+), ([-\d.e]+) to ([-\d.e]+)")


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A picture that is turned by its EXIF."""
    path = tmp_path / "it's a photo.png"
    picture = Image.fromarray(load_sample_image("flower.jpg")).resize((300, 200))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    return str(path)


@pytest.fixture
def backbone(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A backbone whose trained weights, as torchvision finds them, are random ones."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    download = download_of(BACKBONE)
    assert download is not None
    download.place.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(torchvision.models.get_model(BACKBONE).state_dict(), download.place)
    return open_subject(workspace, SubjectRef(Source.BACKBONE, BACKBONE, TRAINED))


def said_here(code: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "code of a page", "exec"), {})
    return said.getvalue()


def said_by_python(code: str, folder: Path, **environment: str) -> str:
    """What another Python says, started in `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(said: str) -> dict[int, tuple[float, ...]]:
    """By filter or channel: norm or mean, lowest and highest value."""
    return {int(index): tuple(map(float, values)) for index, *values in LINE.findall(said)}


def place_of(subject: Subject, name: str, call: int = 0) -> MapPlace:
    return [place for place in map_places(subject.walk) if place.name == name][call]


def maps_for(subject: Subject, place: MapPlace, photo: str) -> np.ndarray:
    x = subject.batch([subject.read(Path(photo))])
    return maps_of(subject, record(subject, x, [place.row]), place.row)[0]


def check_maps(said: str, maps: np.ndarray) -> None:
    """The eight most active channels are told, in that order."""
    told = numbers(said)
    activity = np.abs(maps).mean((1, 2))
    assert list(activity[list(told)]) == pytest.approx(sorted(activity, reverse=True)[:8], rel=1e-5)
    for index, found in told.items():
        expected = (maps[index].mean(), maps[index].min(), maps[index].max())
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def check_filters(said: str, weights: np.ndarray) -> None:
    told = numbers(said)
    norms = np.sqrt(np.square(weights).sum((1, 2, 3)))
    assert list(norms[list(told)]) == pytest.approx(sorted(norms, reverse=True)[:8], rel=1e-5)
    for index, found in told.items():
        assert found == pytest.approx((norms[index], weights[index].min(), weights[index].max()), abs=1e-4)


@pytest.mark.parametrize("weights", [BEST, at_epoch(0)])
def test_a_runs_maps_and_filters(workspace: Workspace, run: Run, photo: str, weights: str) -> None:
    ref = SubjectRef(Source.RUN, run.id, weights)
    subject = open_subject(workspace, ref)
    loading = load_run(load_model_description(run.folder), weights_file(run, ref), photo)
    layer = filter_layers(subject.model)[1]
    check_filters(said_here(filter_code(loading, layer.name)), weights_of(subject.model.state_dict(), layer))
    for name in ("conv1", "norm1", "activation2", "pool2"):
        place = place_of(subject, name)
        said = said_here(map_code(loading, name, 0, 1, **PLAIN))
        check_maps(said, maps_for(subject, place, photo))


def test_a_backbones_maps_and_filters(backbone: Subject, photo: str) -> None:
    loading = load_torchvision(BACKBONE, photo)
    layer = next(layer for layer in filter_layers(backbone.model) if layer.name == "layer2.0.conv2")
    said = said_here(filter_code(loading, layer.name))
    check_filters(said, weights_of(backbone.model.state_dict(), layer))
    for name, call in (("conv1", 0), ("layer1.0.relu", 0), ("layer1.0.relu", 1), ("layer4.1.bn2", 0)):
        said = said_here(map_code(loading, name, call, 3, **PLAIN))
        check_maps(said, maps_for(backbone, place_of(backbone, name, call), photo))


def test_the_chosen_channel_is_pooled_both_ways(run: Run, workspace: Workspace, photo: str) -> None:
    ref = SubjectRef(Source.RUN, run.id, BEST)
    subject = open_subject(workspace, ref)
    loading = load_run(load_model_description(run.folder), weights_file(run, ref), photo)
    said = said_here(map_code(loading, "conv1", 0, 5, **PLAIN)).splitlines()[-1]
    windows = maps_for(subject, place_of(subject, "conv1"), photo)[5].reshape(4, 2, 4, 2)
    found = [float(value) for value in re.findall(r"tensor\(([-\d.e]+)\)", said)]
    assert found == pytest.approx([windows.max((1, 3)).mean(), windows.mean()], abs=1e-3)


@pytest.mark.parametrize("is_turned", [False, True])
def test_layers_that_have_the_channels_at_the_end_and_maps_of_one_value(is_turned: bool) -> None:
    loading = (
        "import torch\nfrom torch import nn\nfrom torchvision.ops import Permute\n"
        "torch.manual_seed(0)\n"
        "model = nn.Sequential(Permute([0, 2, 3, 1]), nn.Linear(3, 9)).eval()\n"
        "x = torch.rand(1, 3, 1, 1) if ONE else torch.rand(1, 3, 6, 4)\n"
    )
    scope: dict = {"ONE": False}
    exec(loading, scope)
    output = scope["model"](scope["x"])[0].detach().numpy()
    said = said_here("ONE = False\n" + map_code(loading, "1", 0, 8, is_turned=is_turned, pools=is_turned))
    if is_turned:
        check_maps(said, output.transpose(2, 0, 1))
    assert ("tensor(" in said) == is_turned
    alone = said_here("ONE = True\n" + map_code(loading, "1", 0, 8, is_turned=True, pools=False))
    assert len(numbers(alone)) == 8


@pytest.mark.slow
def test_plain_code_needs_nothing_of_this_project(
    workspace: Workspace, run: Run, backbone: Subject, photo: str, tmp_path: Path
) -> None:
    ref = SubjectRef(Source.RUN, run.id, BEST)
    own = load_run(load_model_description(run.folder), weights_file(run, ref), photo)
    code = map_code(own, "pool1", 0, 0, **PLAIN) + "\nprint('--')\n"
    code += map_code(load_torchvision(BACKBONE, photo), "layer3.0.relu", 1, 0, **PLAIN)
    assert "core" not in code.replace(str(run.folder), "").replace(photo, "")
    of_run, _, of_backbone = said_by_python(code, tmp_path, PYTHONPATH="").partition("--")
    subject = open_subject(workspace, ref)
    check_maps(of_run, maps_for(subject, place_of(subject, "pool1"), photo))
    check_maps(of_backbone, maps_for(backbone, place_of(backbone, "layer3.0.relu", 1), photo))


@pytest.mark.slow
def test_code_with_core_runs_as_it_stands(workspace: Workspace, run: Run, photo: str) -> None:
    refs = [
        SubjectRef(Source.RUN, run.id, at_epoch(1)),
        SubjectRef(Source.BACKBONE, "efficientnet_lite0", TRAINED),
    ]
    subjects = [open_subject(workspace, ref) for ref in refs]
    rows = [map_places(subject.walk)[-1].row for subject in subjects]
    last = filter_layers(subjects[1].model)[-1]
    code = "\nprint('--')\n".join(
        [
            *(map_core_code(load_with_core(ref, photo), row) for ref, row in zip(refs, rows, strict=True)),
            filter_code(load_with_core(refs[1], photo), last.name),
        ]
    )
    *of_maps, of_filters = said_here(code).split("--\n")
    for said, subject, row in zip(of_maps, subjects, rows, strict=True):
        place = next(place for place in map_places(subject.walk) if place.row == row)
        maps = maps_for(subject, place, photo)
        name, shape, low, high = re.fullmatch(r"(\S*) (\(.*\)) (\S+) (\S+)\n", said).groups()  # type: ignore[union-attr]
        assert (name, shape) == (place.name, str(maps.shape))
        assert (float(low), float(high)) == pytest.approx((maps.min(), maps.max()), rel=1e-4, abs=1e-6)
    check_filters(of_filters, weights_of(subjects[1].model.state_dict(), last))
