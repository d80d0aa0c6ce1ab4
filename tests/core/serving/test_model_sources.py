"""Runs, models from elsewhere and backbones under one kind of key."""

import os

import pytest

from core.errors import ConfigError, ModelFileError, RunError
from core.filtering.pictures import Photo, photo_path
from core.insight.reference import BEST, SubjectRef
from core.insight.sources import open_subject
from core.models.source import Source, key_of
from core.runs.store import Run
from core.serving.importing.bring import import_model
from core.serving.importing.request import ModelImport
from core.serving.model_sources import LITE0_KEY, backbones_here, open_model, own_models, stamp_of
from core.workspace import Workspace
from tests.core.serving.importing.files import export_zip
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


@pytest.mark.slow
def test_a_backbone_names_photos_with_nothing_else_there(workspace: Workspace) -> None:
    assert own_models(workspace) == []
    assert backbones_here(workspace)[0].key == LITE0_KEY
    model = open_model(workspace, LITE0_KEY)
    probabilities = model.predict([model.read(photo_path(kind)) for kind in Photo])
    assert [model.classes[guess] for guess in probabilities.argmax(1)] == ["palace", "daisy"]
    assert probabilities.shape == (2, 1000)
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)


def test_runs_and_imported_models_are_listed_and_opened(workspace: Workspace, run: Run, tmp_path) -> None:
    (tmp_path / "a.zip").write_bytes(export_zip())
    imported = import_model(workspace, ModelImport("Brought", "a.zip", str(tmp_path / "a.zip")))
    mine, brought = own_models(workspace)
    assert (mine.key, mine.name, mine.source) == (f"run.{run.id}", run.name, Source.RUN)
    assert mine.accuracy == max(record["valid_accuracy"] for record in run.metrics())
    assert (brought.key, brought.name) == (key_of(Source.IMPORTED, imported.id), "Brought")
    for each in (mine, brought):
        model, before = open_model(workspace, each.key), stamp_of(workspace, each.key)
        assert model.predict([model.read(photo_path(Photo.CHINA))]).shape == (1, len(model.classes))
        folder = run.folder if each is mine else imported.folder
        os.utime(folder / "best.pt", (1, 1))
        assert stamp_of(workspace, each.key) != before


def test_a_calibration_that_comes_later_makes_it_another_model(workspace: Workspace, run: Run) -> None:
    key, predictions = f"run.{run.id}", run.folder / "predictions-valid.npz"
    held = predictions.rename(run.folder / "held")  # as while it is still learning
    before, uncalibrated = stamp_of(workspace, key), open_model(workspace, key)
    held.rename(predictions)
    assert uncalibrated.temperature == 1
    assert open_model(workspace, key).temperature != 1
    assert stamp_of(workspace, key) != before


def test_an_imported_network_is_looked_into_as_well(workspace: Workspace, tmp_path) -> None:
    (tmp_path / "a.zip").write_bytes(export_zip())
    imported = import_model(workspace, ModelImport("Brought", "a.zip", str(tmp_path / "a.zip")))
    subject = open_subject(workspace, SubjectRef(Source.IMPORTED, imported.id, BEST))
    model = open_model(workspace, f"model.{imported.id}")
    assert (subject.name, subject.classes) == ("Brought", model.classes)
    received = subject.read(photo_path(Photo.CHINA))
    logits = subject.model(subject.batch([received]))
    assert logits.softmax(1).numpy() == pytest.approx(model.predict([received]), abs=1e-6)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("run.none", RunError),
        ("model.none", ModelFileError),
        ("backbone.none", ConfigError),
        ("backbone.resnet18", ModelFileError),
        ("../etc", ConfigError),
    ],
)
def test_what_is_not_there_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path, key: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with pytest.raises(error):
        open_model(workspace, key)
