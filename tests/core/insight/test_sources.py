from pathlib import Path

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from core.errors import ConfigError, ModelFileError, RunError
from core.insight.grad_cam_layers import default_layer
from core.insight.places import map_places, missing_maps
from core.insight.recording import maps_of, record
from core.insight.reference import BEST, Source, SubjectRef, at_epoch
from core.insight.sources import open_subject, weights_file
from core.insight.subject import Subject
from core.models.backbone_choice import TRAINED, untrained
from core.models.backbones import preprocessing_of
from core.models.saved_build import empty_network
from core.models.saved_model import HeadConfig, Saved, SavedFeatures, SavedFineTuned, save_model_description
from core.records import from_json, to_json
from core.runs.store import Run, create_run
from core.serving.prediction import load_predictor
from core.training.checkpoint import load_tensors, save_tensors
from core.workspace import Workspace
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


def check_rows_are_in_step(subject: Subject) -> None:
    """Each row's output in a real pass has the shape that its walk says."""
    places = map_places(subject.walk)
    recording = record(subject, torch.zeros(1, *subject.walk.input_shape), budget=1 << 40)
    assert len(recording.outputs) == sum(row.moment is not None for row in subject.walk.rows)
    for place in places:
        assert maps_of(subject, recording, place.row).shape == (1, *place.shape), place


def test_a_run_answers_as_on_the_predict_page(workspace: Workspace, run: Run, digits) -> None:
    subject = open_subject(workspace, SubjectRef(Source.RUN, run.id, BEST))
    predictor = load_predictor(run)
    path = digits.path(digits.pictures[7])
    received = subject.read(path)
    assert (received == predictor.read(path)).all()
    with torch.inference_mode():
        logits = subject.model(subject.batch([received]))
    assert torch.softmax(logits, 1).numpy() == pytest.approx(predictor.predict([received]), abs=1e-6)
    assert (subject.name, subject.classes) == (run.name, predictor.classes)
    check_rows_are_in_step(subject)


def test_a_runs_epochs_have_weights_of_their_own(workspace: Workspace, run: Run) -> None:
    keys = set()
    for epoch in (0, 1):
        ref = SubjectRef(Source.RUN, run.id, at_epoch(epoch))
        subject = open_subject(workspace, ref)
        saved = load_tensors(weights_file(run, ref))
        assert all(torch.equal(saved[name], value) for name, value in subject.model.state_dict().items())
        keys.add(subject.key)
    assert len(keys) == 2


def test_other_weights_are_another_subject(workspace: Workspace, run: Run) -> None:
    ref = SubjectRef(Source.RUN, run.id, BEST)
    before = open_subject(workspace, ref).key
    weights = load_tensors(run.folder / "best.pt")
    torch.save({name: value * 0 for name, value in weights.items()}, run.folder / "best.pt")
    assert open_subject(workspace, ref).key != before


def test_what_is_missing_is_named(workspace: Workspace, run: Run) -> None:
    with pytest.raises(ModelFileError, match="epoch-00999"):
        open_subject(workspace, SubjectRef(Source.RUN, run.id, at_epoch(999)))
    with pytest.raises(RunError):
        open_subject(workspace, SubjectRef(Source.RUN, "no-such-run", BEST))
    with pytest.raises(ConfigError):
        open_subject(workspace, SubjectRef(Source.BACKBONE, "resnet19", TRAINED))


def test_a_backbone_without_network(workspace: Workspace, tmp_path: Path) -> None:
    subject = open_subject(workspace, SubjectRef(Source.BACKBONE, "efficientnet_lite0", TRAINED))
    Image.fromarray(load_sample_image("china.jpg")).save(tmp_path / "china.png")
    with torch.inference_mode():
        logits = subject.model(subject.batch([subject.read(tmp_path / "china.png")]))
    assert subject.classes[int(logits.argmax())] == "palace"
    check_rows_are_in_step(subject)


@pytest.mark.parametrize("name", ["googlenet", "mobilenet_v3_small"])
def test_untrained_weights_come_from_a_seed(workspace: Workspace, name: str) -> None:
    ref = SubjectRef(Source.BACKBONE, name, untrained(3))
    subject = open_subject(workspace, ref)
    again = open_subject(workspace, ref)
    other = open_subject(workspace, SubjectRef(Source.BACKBONE, name, untrained(4)))
    x = torch.rand(1, *subject.walk.input_shape)
    assert torch.equal(subject.model(x), again.model(x))
    assert not torch.equal(subject.model(x), other.model(x))
    check_rows_are_in_step(subject)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inception_v3", "shufflenet_v2_x0_5", "regnet_y_400mf", "efficientnet_b0"])
def test_rows_are_in_step_in_other_networks(workspace: Workspace, name: str) -> None:
    check_rows_are_in_step(open_subject(workspace, SubjectRef(Source.BACKBONE, name, untrained(0))))


def test_references_go_through_json() -> None:
    for ref in (SubjectRef(Source.RUN, "a", at_epoch(7)), SubjectRef(Source.BACKBONE, "b", untrained(2))):
        assert from_json(SubjectRef, to_json(ref)) == ref
    assert SubjectRef(Source.RUN, "a", at_epoch(7)).epoch == 7
    assert SubjectRef(Source.RUN, "a", BEST).epoch is None
    assert SubjectRef(Source.BACKBONE, "b", untrained(2)).seed == 2
    assert SubjectRef(Source.BACKBONE, "b", TRAINED).seed is None


@pytest.mark.parametrize("kind", ["fine-tuned", "features"])
def test_other_kinds_of_runs_are_looked_into_as_well(workspace: Workspace, kind: str) -> None:
    name = "mobilenet_v3_small"
    receives = preprocessing_of(name)
    saved: Saved = SavedFineTuned(name, HeadConfig((5,)), receives, ("a", "b", "c"), False)
    if kind == "features":
        saved = SavedFeatures(name, 1024, receives, ("a", "b", "c"))
    made = create_run(workspace.runs, {"kind": kind, "name": "One"}, "One")
    torch.manual_seed(0)
    network = empty_network(saved).to_empty(device="cpu")
    for value in network.state_dict().values():
        value.copy_(torch.rand(value.shape) if value.is_floating_point() else torch.ones(value.shape))
    save_tensors(network.state_dict(), made.folder / "best.pt")
    save_model_description(made.folder, saved)
    subject = open_subject(workspace, SubjectRef(Source.RUN, made.id, BEST))
    assert missing_maps(subject.walk) == ""
    assert default_layer(subject.walk).endswith("features")
    check_rows_are_in_step(subject)
