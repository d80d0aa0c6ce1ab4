import pytest

from core.data.augmentation_config import Augmentation
from core.data.preprocessing import ColorMode, Preprocessing
from core.embeddings.config import FeaturesRunConfig
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, HiddenLayer, Pool
from core.records import to_json
from core.runs.overview import block_words, differing, overview_of, settings_of
from core.runs.store import Run, RunState, Status, create_run
from core.training.config import CnnRunConfig, Precision, TrainingConfig
from core.workspace import Workspace


def config(**changes) -> CnnRunConfig:
    settings = {
        "name": "First",
        "dataset_id": "digits",
        "split_id": "s-1",
        "classes": ("0", "1"),
        "preprocessing": Preprocessing.of((32, 24), ColorMode.GREY),
        "cnn": CnnConfig((ConvBlock(8), ConvBlock(16, batch_norm=True)), hidden=(HiddenLayer(64),)),
        "training": TrainingConfig(epochs=7),
        "augmentation": Augmentation(rotation=10.0),
    }
    return CnnRunConfig(**{**settings, **changes})


@pytest.fixture
def run(workspace: Workspace) -> Run:
    created = create_run(workspace.runs, to_json(config()), "first")
    result = {"test_accuracy": 0.75, "parameters": 1234}
    created.write_status(Status(RunState.FINISHED, queued=100.0, result=result))
    epochs = [(1, 0.9, 2.5), (2, 0.8, 2)]
    created.metrics_file.write_text(
        "".join(f'{{"epoch": {n}, "valid_accuracy": {a}, "seconds": {s}}}\n' for n, a, s in epochs)
    )
    return created


def test_a_finished_run_at_a_glance(run: Run) -> None:
    (run.folder / "best.pt").touch()
    seen = overview_of(run)
    assert (seen.id, seen.name, seen.state, seen.queued) == (run.id, "First", RunState.FINISHED, 100.0)
    assert (seen.epochs_done, seen.epochs, seen.best_accuracy) == (2, 7, 0.9)
    assert (seen.test_accuracy, seen.parameters, seen.seconds) == (0.75, 1234, 4.5)
    assert seen.has_model
    assert not seen.damage


@pytest.mark.parametrize("file", ["config.json", "status.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe\x00", b'{"state": "dancing"}'])
def test_damage_is_told_and_never_raised(run: Run, file: str, content: bytes) -> None:
    (run.folder / file).write_bytes(content)
    seen = overview_of(run)
    assert seen.damage or seen.name == run.id
    assert seen.id == run.id


@pytest.mark.parametrize("file", ["config.json", "status.json"])
def test_a_missing_file_is_named(run: Run, file: str) -> None:
    (run.folder / file).unlink()
    assert file in overview_of(run).damage


@pytest.mark.parametrize(
    "content", [b"{}", b'{"name": "First"}', b'{"kind": "train-cnn", "name": "First"}', b'{"kind": 7}']
)
def test_settings_that_are_not_a_runs_are_damage(run: Run, content: bytes) -> None:
    (run.folder / "config.json").write_bytes(content)
    assert "config.json is not the settings of a run" in overview_of(run).damage


@pytest.mark.parametrize(
    "content", [b"7\n", b"null\n[]\n", b'{"epoch": 1}\n', b'{"valid_accuracy": "high"}\n']
)
def test_odd_epochs_count_for_nothing(run: Run, content: bytes) -> None:
    run.metrics_file.write_bytes(content)
    assert overview_of(run).best_accuracy is None
    assert overview_of(run).seconds == 0


def test_odd_results_count_for_nothing(run: Run) -> None:
    run.write_status(Status(RunState.FINISHED, result={"test_accuracy": "good", "parameters": None}))
    seen = overview_of(run)
    assert seen.test_accuracy is None
    assert seen.parameters is None


def test_settings_are_in_words() -> None:
    settings = settings_of(to_json(config()))
    assert settings["pictures: height"] == "32"
    assert settings["pictures: color"] == "grey"
    assert settings["block 2"] == "16 of 3×3, padding 1, batch norm, relu, max 2"
    assert settings["hidden layer 1"] == "64 wide, relu"
    assert settings["learning rate"] == "0.001"
    assert settings["class weights"] == "off"
    assert settings["patience"] == "none"
    assert settings["augmentation: rotation"] == "10"
    assert not {"name", "kind", "classes"} & set(settings)


def test_how_it_computes_is_in_words() -> None:
    settings = settings_of(to_json(config()))
    assert settings["precision"] == "the faster, as measured"
    assert settings["longest gradient"] == "any"
    assert settings["deterministic kernels"] == settings["compiled"] == "off"
    chosen = TrainingConfig(precision=Precision.BFLOAT16, gradient_clip=2.5, compiled=True)
    settings = settings_of(to_json(config(training=chosen)))
    assert settings["precision"] == "bfloat16"
    assert settings["longest gradient"] == "2.5"
    assert settings["compiled"] == "on"


def test_another_start_and_pictures_left_out_are_told_where_there_are_any() -> None:
    assert not {"starts from", "pictures left out"} & set(settings_of(to_json(config())))
    settings = settings_of(to_json(config(starts_from="run-1", without=("a", "b"))))
    assert settings["starts from"] == "run-1"
    assert settings["pictures left out"] == "2"


def test_a_block_shows_all_that_is_not_usual() -> None:
    block = ConvBlock(
        4, 5, 2, None, 3, residual=True, activation=Activation.LEAKY_RELU, pool=Pool.NONE, dropout=0.25
    )
    words = "4 of 5×5, stride 2, padding same, dilation 3, skip, leaky relu, dropout 0.25"
    assert block_words(block) == words


def test_settings_of_another_version_are_shown_as_they_stand() -> None:
    settings = settings_of({"cnn": {"blocks": [{"petals": 5}]}, "new": [1, 2]})
    assert settings == {"block 1": "petals 5", "new": "1, 2"}


def test_only_what_differs() -> None:
    one, other = (
        settings_of(to_json(config(training=TrainingConfig(epochs=n), cnn=CnnConfig((ConvBlock(8),) * n))))
        for n in (1, 2)
    )
    assert differing([one, other]) == ["epochs", "block 2"]
    assert differing([one, one]) == []
    assert differing([one]) == []


def test_a_run_on_features_at_a_glance(workspace: Workspace) -> None:
    settings = FeaturesRunConfig("By features", "digits", "s-1", ("0", "1"), "densenet121")
    run = create_run(workspace.runs, to_json(settings), "features")
    run.metrics_file.write_text('{"epoch": 1, "valid_accuracy": 0.9, "seconds": 2.5}\n')
    seen = overview_of(run)
    assert (seen.kind, seen.epochs, seen.epochs_done, seen.best_accuracy) == ("features", None, 1, 0.9)
    assert seen.settings["backbone"] == "densenet121"
    assert (seen.settings["C"], seen.settings["most iterations"]) == ("by cross-validation", "1000")
    run.write_config({**to_json(settings), "regularization": 0.01})
    assert overview_of(run).settings["C"] == "0.01"
    run.write_config({**to_json(settings), "max_iter": 0})
    assert "not the settings of a run" in overview_of(run).damage
