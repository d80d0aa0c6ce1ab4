"""Honest files of every form become models that say what their makers' networks say."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torchvision
from onnx import TensorProto, helper
from safetensors.torch import save
from torch import nn

from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import Cancelled, ConfigError, ModelFileError, RunError
from core.filtering.pictures import Photo, photo_path
from core.models.imported import Form, ImportedModel, list_imported
from core.models.presets import PRESETS
from core.models.saved_model import SavedModel
from core.runs.store import Run
from core.serving.importing import onnx_session
from core.serving.importing.bring import import_model
from core.serving.importing.onnx_description import Output, load_onnx_description
from core.serving.importing.request import ModelImport, form_of
from core.serving.importing.settings import description_of, name_classes, prepare, prepare_onnx
from core.serving.model_sources import open_model
from core.serving.predicts import Predicts
from core.workspace import Workspace
from tests.core.serving.importing import files
from tests.core.serving.importing.files import averaging, export_zip, onnx_file, torch_file
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]

LENET = {"like": "preset.lenet-5", "pictures": Preprocessing.of((32, 32), ColorMode.GREY)}
SQUEEZENET = "backbone.squeezenet1_1"
Bring = Callable[..., ImportedModel]


@pytest.fixture
def bring(workspace: Workspace, tmp_path: Path) -> Bring:
    def brought(data: bytes, **said: Any) -> ImportedModel:
        (tmp_path / "given").write_bytes(data)
        return import_model(workspace, ModelImport("Mine", "mine.bin", str(tmp_path / "given"), **said))

    return brought


def opened(workspace: Workspace, model: ImportedModel) -> Predicts:
    return open_model(workspace, f"model.{model.id}")


def lenet(outputs: int) -> nn.Module:
    from core.models.cnn import build_cnn

    torch.manual_seed(0)
    return build_cnn(PRESETS["lenet-5"].config, (1, 32, 32), outputs).eval()


class TestExports:
    def test_it_comes_with_all_that_it_says(self, workspace: Workspace, bring: Bring) -> None:
        model = bring(export_zip(members={"predict.py": b"raise SystemExit"}))
        assert {path.name for path in model.folder.iterdir()} == {"origin.json", "model.json", "best.pt"}
        assert (model.name, model.origin.file, model.origin.form) == ("Mine", "mine.bin", Form.EXPORT)
        assert model.origin.told == {"run": "20260101-digits", "seed": 7}
        predictor = opened(workspace, model)
        assert (predictor.classes, predictor.temperature) == (files.SAVED.classes, 1.5)
        assert list_imported(workspace) == [model]

    def test_stopping_leaves_nothing(self, workspace: Workspace, tmp_path: Path) -> None:
        (tmp_path / "given").write_bytes(export_zip())
        request, heard = ModelImport("Mine", "mine.zip", str(tmp_path / "given")), []
        with pytest.raises(Cancelled):
            import_model(
                workspace,
                request,
                on_progress=lambda *told: heard.append(told),
                should_stop=lambda: len(heard) > 1,
            )
        assert list(workspace.models.iterdir()) == []


class TestWeights:
    def test_a_backbone_with_a_head_for_other_classes(self, workspace: Workspace, bring: Bring) -> None:
        torch.manual_seed(0)
        theirs = torchvision.models.squeezenet1_1(num_classes=7).eval()
        model = bring(save(theirs.state_dict()), like=SQUEEZENET, classes=tuple("abcdefg"))
        ours = opened(workspace, model)
        received = [ours.read(photo_path(kind)) for kind in Photo]
        x = torch.stack([transformed(pixels) for pixels in received])
        with torch.inference_mode():
            expected = torch.softmax(theirs(x), 1).numpy()
        assert ours.predict(received) == pytest.approx(expected, abs=1e-5)
        assert ours.classes == tuple("abcdefg")

    @pytest.mark.slow
    def test_a_head_of_hidden_layers_under_what_a_training_script_wraps_around_it(
        self, workspace: Workspace, bring: Bring
    ) -> None:
        theirs = torchvision.models.resnet18()
        theirs.fc = nn.Sequential(nn.Linear(512, 20), nn.ReLU(), nn.Linear(20, 1))
        state = {f"module.{name}": value for name, value in theirs.eval().state_dict().items()}
        model = bring(torch_file({"state_dict": state, "epoch": 3}, legacy=True), like="backbone.resnet18")
        ours = opened(workspace, model)
        received = [ours.read(photo_path(Photo.CHINA))]
        with torch.inference_mode():
            expected = torch.sigmoid(theirs(transformed(received[0])[None])).item()
        assert ours.predict(received)[0].tolist() == pytest.approx([1 - expected, expected], abs=1e-5)
        assert ours.classes == ("class 0", "class 1")

    def test_a_cnn_of_a_preset(self, workspace: Workspace, bring: Bring) -> None:
        theirs = lenet(4)
        ours = opened(workspace, bring(torch_file(theirs.state_dict()), **LENET))
        assert ours.shape == (1, 32, 32)
        received = [ours.read(photo_path(Photo.CHINA))]
        x = torch.from_numpy(LENET["pictures"].normalized(np.stack(received)))
        with torch.inference_mode():
            assert ours.predict(received) == pytest.approx(torch.softmax(theirs(x), 1).numpy(), abs=1e-6)

    def test_a_cnn_like_that_of_a_run(self, workspace: Workspace, run: Run, bring: Bring) -> None:
        model = bring(
            (run.folder / "best.pt").read_bytes(), like=f"run.{run.id}", classes=tuple("0123456789")
        )
        ours, theirs = opened(workspace, model), open_model(workspace, f"run.{run.id}")
        received = [ours.read(photo_path(Photo.CHINA))]
        assert (ours.predict(received) == theirs.predict(received)).all()

    def test_what_does_not_fit_is_explained_key_by_key(self, bring: Bring) -> None:
        state = lenet(4).state_dict()
        state["conv2.weight"] = torch.zeros(16, 6, 3, 3)
        with pytest.raises(ModelFileError, match=r"conv2\.weight 16 × 6 × 5 × 5.*16 × 6 × 3 × 3.*Choose the"):
            bring(torch_file(state), **LENET)
        with pytest.raises(ModelFileError, match=r"head.*fc\.weight, of 512 features.*no fc\.weight"):
            bring(torch_file(state), like="backbone.resnet18")
        with pytest.raises(ModelFileError, match=r"not the weights of a CNN.*output\.weight"):
            bring(torch_file({"a": torch.zeros(2)}), **LENET)

    def test_as_many_names_as_classes(self, bring: Bring) -> None:
        with pytest.raises(ModelFileError, match=r"tells 4 classes apart.*4 names.*Found: 3"):
            bring(torch_file(lenet(4).state_dict()), classes=("a", "b", "c"), **LENET)

    @pytest.mark.parametrize(
        ("like", "error"),
        [
            ("", ModelFileError),
            ("preset.none", ModelFileError),
            ("backbone.../x", ConfigError),
            ("run.x", RunError),
        ],
    )
    def test_the_architecture_has_to_be_one(self, bring: Bring, like: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            bring(torch_file(lenet(4).state_dict()), like=like)

    @pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
    def test_other_kinds_of_floats(self, bring: Bring, kind: torch.dtype) -> None:
        state = {name: nn.Parameter(value.to(kind)) for name, value in lenet(4).state_dict().items()}
        model = bring(torch_file(state), **LENET)
        assert {value.dtype for value in torch.load(model.weights).values()} == {torch.float32}


def transformed(pixels: np.ndarray) -> torch.Tensor:
    """uint8 (H, W, 3) as torchvision's ImageNet networks receive it."""
    x = torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255
    return torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(x)


@pytest.mark.slow
class TestOnnx:
    def test_it_says_what_onnxruntime_says(self, workspace: Workspace, bring: Bring) -> None:
        data = averaging(facts={"classes": json.dumps(["a", "b", "c"]), "maker": "somebody"})
        model = bring(data)
        ours = opened(workspace, model)
        assert (ours.classes, ours.shape) == (("a", "b", "c"), (3, 8, 8))
        assert model.origin.told == {"maker": "somebody"}
        received = [ours.read(photo_path(kind)) for kind in Photo] * 10
        x = np.stack([transformed(pixels).numpy() for pixels in received])
        (logits,) = onnxruntime.InferenceSession(data).run(None, {"x": x})
        expected = torch.softmax(torch.from_numpy(logits), 1).numpy()
        assert ours.predict(received) == pytest.approx(expected, abs=1e-6)
        assert ours.predict([]).shape == (0, 3)

    def test_a_fixed_batch_bytes_and_channels_last(self, workspace: Workspace, bring: Bring) -> None:
        nodes = [
            helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["float", "axes"], ["means"], keepdims=0),
            helper.make_node("Softmax", ["means"], ["y"]),
        ]
        shape = (4, 6, 10, 3)
        data = onnx_file(
            nodes, input_type=TensorProto.UINT8, shape=shape, constants={"axes": np.array([1, 2])}
        )
        model = bring(data)
        description = load_onnx_description(model.folder)
        assert (description.output, description.preprocessing.shape) == (Output.PROBABILITIES, (3, 6, 10))
        pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 10, 3), np.uint8)
        expected = torch.softmax(torch.from_numpy(pixels.mean((1, 2))), 1).numpy()
        assert opened(workspace, model).predict(list(pixels)) == pytest.approx(expected, abs=1e-5)

    def test_settings_can_be_put_right(self, workspace: Workspace, bring: Bring) -> None:
        model = bring(averaging(shape=("n", 3, "h", "w")))
        assert opened(workspace, model).shape == (3, 224, 224)
        name_classes(model, ("x", "y", "z"))
        scaled = Preprocessing.of((20, 30), ColorMode.RGB, mean=0, std=1 / 255)
        prepare_onnx(model, scaled, Output.LOGITS, bgr=True)
        ours = opened(workspace, model)
        assert (ours.classes, ours.shape) == (("x", "y", "z"), (3, 20, 30))
        received = [ours.read(photo_path(Photo.CHINA))]
        x = received[0].transpose(2, 0, 1)[None, ::-1].astype(np.float32)
        (logits,) = onnxruntime.InferenceSession(model.weights).run(None, {"x": x})
        expected = torch.softmax(torch.from_numpy(logits), 1).numpy()
        assert ours.predict(received) == pytest.approx(expected, abs=1e-4)
        with pytest.raises(ModelFileError, match="3 names"):
            name_classes(model, ("x",))

    def test_a_network_of_one_size_keeps_it(self, bring: Bring) -> None:
        model = bring(averaging())
        with pytest.raises(ConfigError, match="8 x 8 pixels"):
            prepare_onnx(model, Preprocessing(16, 16), Output.LOGITS, bgr=False)

    def test_what_a_picture_makes_grow_is_bounded_when_it_predicts(
        self, workspace: Workspace, bring: Bring
    ) -> None:
        """Noise makes little of it, which the trial saw; one bright picture would make 40 GB."""
        nodes = [
            helper.make_node("ReduceMin", ["x", "all"], ["least"], keepdims=0),
            helper.make_node("Mul", ["least", "much"], ["many"]),
            helper.make_node("Relu", ["many"], ["some"]),
            helper.make_node("Cast", ["some"], ["whole"], to=TensorProto.INT64),
            helper.make_node("Reshape", ["whole", "one"], ["side"]),
            helper.make_node("ConstantOfShape", ["side"], ["filled"]),
            helper.make_node("ReduceSum", ["filled"], ["sum"], keepdims=0),
            helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
            helper.make_node("Add", ["means", "sum"], ["y"]),
        ]
        constants = {
            "all": np.arange(4),
            "axes": np.array([2, 3]),
            "one": np.array([1]),
            "much": np.array(1e10, np.float32),
        }
        ours = opened(workspace, bring(onnx_file(nodes, constants=constants)))
        assert ours.predict([np.zeros((8, 8, 3), np.uint8)]).shape == (1, 3)
        with pytest.raises(ModelFileError, match="asks for too much memory"):
            ours.predict([np.full((8, 8, 3), 255, np.uint8)])

    def test_an_endless_loop_is_ended_when_it_predicts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "model.onnx").write_bytes(files.endless())
        monkeypatch.setattr(onnx_session, "MOST_SECONDS", 0.3)
        session = onnx_session.open_session(tmp_path / "model.onnx")
        with pytest.raises(ModelFileError, match="takes too long"):
            onnx_session.run(session, "y", "x", np.ones((1, 3, 8, 8), np.float32))


def test_a_networks_own_settings_can_be_put_right(workspace: Workspace, bring: Bring) -> None:
    model = bring(export_zip())
    name_classes(model, ("x", "y", "z"))
    padded = Preprocessing.of((8, 8), ColorMode.GREY, mean=0.1, std=0.2)
    prepare(model, padded)
    description = description_of(model)
    assert isinstance(description, SavedModel)
    assert (description.preprocessing, description.classes) == (padded, ("x", "y", "z"))
    with pytest.raises(ModelFileError, match="pictures of one size"):
        prepare(model, Preprocessing.of((9, 9), ColorMode.GREY))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(500), bytes(600)])
def test_other_files_are_told_apart(data: bytes) -> None:
    with pytest.raises(ModelFileError, match="not a model file that can be taken in"):
        form_of(io.BytesIO(data))
