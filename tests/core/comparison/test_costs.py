import json

import pytest

from core.comparison.costs import PICTURE_TIME_FILE, Costs, costs_of, keep_picture_seconds, picture_seconds
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.saved_model import HeadConfig, SavedFeatures, SavedFineTuned, save_model_description
from core.runs.store import Run, RunState, Status

RECEIVES = BackbonePreprocessing(256, 224, (0.5,) * 3, (0.5,) * 3)


def test_a_cnn_trains_all_its_parameters(run: Run) -> None:
    costs = costs_of(run)
    records = run.metrics()
    assert costs.parameters == costs.trainable == run.status().result["parameters"]
    assert costs.seconds == pytest.approx(sum(record["seconds"] for record in records))
    assert costs.memory == max(record["memory"] for record in records)
    assert costs.size == (run.folder / "best.pt").stat().st_size
    assert costs.picture_seconds is None
    assert costs.found is None


@pytest.mark.parametrize(("classes", "trainable"), [(2, 11), (3, 33)])
def test_of_features_only_the_regression_learns(run: Run, classes: int, trainable: int) -> None:
    names = tuple("abc")[:classes]
    save_model_description(run.folder, SavedFeatures("resnet18", 10, RECEIVES, names))
    assert costs_of(run).trainable == trainable


def test_a_fine_tuning_tells_what_it_trained_and_how_long_its_frozen_part_took(run: Run) -> None:
    save_model_description(run.folder, SavedFineTuned("resnet18", HeadConfig(), RECEIVES, ("a", "b"), False))
    before = costs_of(run).seconds
    frozen = {"cached": True, "seconds": 2.5, "rows": 10, "computed": 3}
    run.facts_file.write_text(json.dumps({"trainable": 4, "frozen": frozen}))
    costs = costs_of(run)
    assert (costs.trainable, costs.found) == (4, 7)
    assert costs.seconds == pytest.approx(before + 2.5)


def test_features_tell_how_many_were_there_already(run: Run) -> None:
    run.facts_file.write_text(json.dumps({"computed": 3, "found": 7, "extraction_seconds": 1.0}))
    assert costs_of(run).found == 7


def test_a_run_without_numbers_tells_nothing(run: Run) -> None:
    run.write_status(Status(RunState.FINISHED))
    run.metrics_file.write_text('{"epoch": 1, "seconds": "long"}')
    (run.folder / "best.pt").unlink()
    assert costs_of(run) == Costs()


def test_a_measured_time_is_of_the_weights_that_were_measured(run: Run) -> None:
    keep_picture_seconds(run, 0.004)
    assert picture_seconds(run) == 0.004
    assert costs_of(run).picture_seconds == 0.004
    (run.folder / "best.pt").write_bytes(b"other weights")
    assert picture_seconds(run) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"seconds": "fast"}', "\xff"])
def test_a_damaged_measurement_is_none(run: Run, content: str) -> None:
    (run.folder / PICTURE_TIME_FILE).write_text(content, encoding="latin-1")
    assert picture_seconds(run) is None
