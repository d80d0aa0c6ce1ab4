from core.comparison.scores import calibration_error
from core.runs.store import Run
from core.serving.calibration import calibrated, calibration_of
from core.training.predictions import load_predictions
from tests.pages.helper import open_page, texts


def test_a_run_shows_how_sure_it_may_be_before_and_after(run: Run) -> None:
    app = open_page("train/runs", run=run.id)
    valid, temperature = load_predictions(run.folder, "valid"), calibration_of(run).temperature
    before = calibration_error(valid.probabilities, valid.targets)
    after = calibration_error(calibrated(valid.probabilities, temperature), valid.targets)
    assert f"**{before:.1%}** before, **{after:.1%}**" in texts(app)
    assert f"**{temperature:.2f}**: this network is not sure enough" in texts(app)
    assert "fitted on these very pictures" in texts(app)


def test_without_validation_predictions_nothing_is_said_of_it(run: Run) -> None:
    (run.folder / "predictions-valid.npz").unlink()
    assert "temperature" not in texts(open_page("train/runs", run=run.id))
