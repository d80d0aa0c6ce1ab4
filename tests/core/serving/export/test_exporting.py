"""An export of a trained run: what it holds, that it says what the app says, and when it is refused."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file

from core.comparison.timed_pictures import unseen_pictures
from core.data.dataset import Dataset, load_dataset
from core.errors import Cancelled, ExportRefused
from core.models.saved_model import SavedModel
from core.records import from_json
from core.runs.store import Run, delete_run
from core.serving.calibration import calibrated
from core.serving.export import exporting
from core.serving.export.exporting import export_run
from core.serving.export.provenance import Provenance, content_hash
from core.serving.export.report import MOST_DIFFERENCE, REPORT, export_folder, export_of
from core.serving.prediction import load_predictor
from core.workspace import Workspace, read_json
from tests.core.serving.export.conftest import Exported
from tests.digits import may_lose_pictures
from tests.odd_pictures import odd_pictures

pytestmark = pytest.mark.slow

FILES = {
    *("model.onnx", "model.pt", "model.safetensors", "model.py", "predict.py", "predict_onnx.py"),
    *("pictures.py", "command_line.py", "README.md", "config.json", "run.json"),
    *("requirements.txt", "requirements-onnx.txt"),
}
# A process without site-packages finds modules only beside the script, and in the folder that it is given.
ALONE = """
import runpy, sys
script, packages, *arguments = sys.argv[1:]
sys.path[:0] = [script.rpartition("/")[0], packages]
sys.argv = [script, *arguments]
try:
    runpy.run_path(script, run_name="__main__")
finally:
    loaded = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
    print(*sorted(loaded), file=sys.stderr)
"""


def said_in(table: Path, classes: tuple[str, ...]) -> np.ndarray:
    """(N, K) in the order of the lines."""
    with table.open(encoding="utf-8") as file:
        _, *lines = csv.reader(file)
    rows = [dict(zip(line[1::2], map(float, line[2::2]), strict=True)) for line in lines]
    return np.array([[row[name] for name in classes] for row in rows])


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of 38 odd pictures, and one file that is none."""
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, (_, content) in enumerate(odd_pictures(38, most=300)):
        (folder / f"{number:03d}.png").write_bytes(content)
    (folder / "words.jpg").write_text("no picture")
    return folder


def expected_of(exported: Exported, odd: Path) -> np.ndarray:
    predictor = load_predictor(exported.run)
    received = [predictor.read(path) for path in sorted(odd.glob("*.png"))]
    return calibrated(predictor.predict(received), predictor.temperature)


def test_every_form_said_what_the_app_says(exported: Exported) -> None:
    report = exported.report
    assert [form.file for form in report.forms] == ["model.safetensors", "model.pt", "model.onnx"]
    assert all(form.difference < 1e-5 and form.changed == 0 for form in report.forms)
    assert (report.pictures, report.part, report.left_out) == (12, "test", "")
    assert export_of(exported.run) == report
    assert [done for done, _, _ in exported.told] == list(range(6))
    assert {total for _, total, _ in exported.told} == {6}
    assert sorted(path.name for path in export_folder(exported.run).iterdir()) == sorted(
        [report.file, REPORT]
    )


def test_the_zip_holds_what_its_config_says(exported: Exported) -> None:
    names = {path.relative_to(exported.folder).as_posix() for path in exported.folder.rglob("*")}
    assert names == FILES
    config = read_json(exported.folder / "config.json")
    assert config["format"] == 1
    assert from_json(SavedModel, config["model"]) == exported.saved
    assert config["temperature"] == load_predictor(exported.run).temperature
    assert set(config["files"]) == FILES - {"config.json"}
    for name, digest in config["files"].items():
        assert hashlib.sha256((exported.folder / name).read_bytes()).hexdigest() == digest
    provenance = from_json(Provenance, config["run"])
    dataset = load_dataset(exported.workspace, provenance.dataset_id)
    assert provenance.run_id == exported.run.id
    assert provenance.dataset_hash == content_hash(dataset)
    assert sum(provenance.split.values()) == len(dataset.pictures)
    assert read_json(exported.folder / "run.json") == exported.run.config()


def test_both_weight_files_are_the_runs(exported: Exported) -> None:
    own = torch.load(exported.run.folder / "best.pt", weights_only=True)
    for state in (
        torch.load(exported.folder / "model.pt", weights_only=True),
        load_file(exported.folder / "model.safetensors"),
    ):
        assert list(state) == list(own) or set(state) == set(own)
        assert all(torch.equal(state[name], own[name]) for name in own)


def test_the_card_has_the_numbers(exported: Exported) -> None:
    card = (exported.folder / "README.md").read_text()
    config = read_json(exported.folder / "config.json")
    for told in (
        config["run"]["dataset_hash"],
        "| test | 77 |",
        "| Seed | 0 |",
        "No pretrained weights",
        "Limits",
    ):
        assert told in card
    assert "torch==" in (exported.folder / "requirements.txt").read_text()
    assert "torch" not in (exported.folder / "requirements-onnx.txt").read_text()


def test_odd_pictures_get_the_same_answers_from_scripts_of_their_own(
    exported: Exported, odd: Path, tmp_path: Path
) -> None:
    expected = expected_of(exported, odd)
    command = [sys.executable, str(exported.folder / "predict.py"), str(odd), "--top", "10"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "said.csv")],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "words.jpg: Not a picture." in done.stderr
    said = said_in(tmp_path / "said.csv", exported.saved.classes)
    assert np.abs(said - expected).max() < 1e-4
    assert np.array_equal(said.argmax(1), expected.argmax(1))


def test_onnx_needs_nothing_but_onnxruntime_numpy_and_pillow(
    exported: Exported, odd: Path, tmp_path: Path
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for module in ("onnxruntime", "numpy", "PIL"):
        installed = Path(sys.modules[module].__file__).parent if module in sys.modules else None
        installed = installed or Path(__import__(module).__file__).parent
        for folder in (installed, *installed.parent.glob(f"{'pillow' if module == 'PIL' else module}.libs")):
            (packages / folder.name).symlink_to(folder)
    (odd / "words.jpg").unlink()
    table = tmp_path / "said.csv"
    arguments = [str(exported.folder / "predict_onnx.py"), str(packages), str(odd), "--top", "10"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, *arguments, "--out", str(table)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.split())
    assert loaded <= {"onnxruntime", "numpy", "PIL", "pictures", "command_line", "__main__"}
    said, expected = said_in(table, exported.saved.classes), expected_of(exported, odd)
    assert np.abs(said - expected).max() < 1e-4
    assert np.array_equal(said.argmax(1), expected.argmax(1))


def test_another_model_is_no_longer_what_was_exported(
    exported: Exported, workspace: Workspace, digits: Dataset
) -> None:
    run = Run(Path(shutil.copytree(exported.run.folder, workspace.runs / exported.run.id)))
    assert export_of(run) is not None
    weights = run.folder / "best.pt"
    os.utime(weights, ns=(1, weights.stat().st_mtime_ns + 1))
    assert export_of(run) is None
    os.utime(weights, ns=(1, weights.stat().st_mtime_ns - 1))
    assert export_of(run) is not None
    predictions = run.folder / "predictions-valid.npz"  # which the temperature comes from
    os.utime(predictions, ns=(1, predictions.stat().st_mtime_ns + 1))
    assert export_of(run) is None
    os.utime(predictions, ns=(1, predictions.stat().st_mtime_ns - 1))
    (export_folder(run) / exported.report.file).write_bytes(b"cut")
    assert export_of(run) is None
    (export_folder(run) / REPORT).write_text("{")
    assert export_of(run) is None
    delete_run(run)
    assert not run.folder.exists()


def test_a_form_that_says_something_else_is_refused(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    write = exporting.write_package

    def write_another_temperature(folder: Path, of: Run, predictor, provenance):
        monkeypatch.setattr("core.serving.export.package.fits", lambda network: False)
        return write(folder, of, replace(predictor, temperature=2 * predictor.temperature), provenance)

    monkeypatch.setattr(exporting, "write_package", write_another_temperature)
    part, pictures = unseen_pictures(workspace, run, 5)
    with pytest.raises(ExportRefused, match=r"model\.pt doesn't say what the app says") as refusal:
        export_run(workspace, run, pictures, part)
    assert f"within {MOST_DIFFERENCE:g}" in refusal.value.expected
    assert "greatest difference" in capfd.readouterr().out
    assert export_of(run) is None
    assert list(export_folder(run).iterdir()) == []


def test_a_picture_that_is_gone_is_named(run: Run, workspace: Workspace, digits: Dataset) -> None:
    may_lose_pictures(digits)
    part, pictures = unseen_pictures(workspace, run, 2)
    pictures[1].unlink()
    with pytest.raises(ExportRefused, match=pictures[1].name):
        export_run(workspace, run, pictures, part)


def test_a_script_that_fails_is_refused_with_what_it_said(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.serving.export.package.fits", lambda network: False)
    monkeypatch.setattr("core.serving.export.package.PREDICT", "raise SystemExit('no such thing')")
    part, pictures = unseen_pictures(workspace, run, 2)
    with pytest.raises(ExportRefused, match=r"predict\.py doesn't run through.*no such thing"):
        export_run(workspace, run, pictures, part)
    assert list(export_folder(run).iterdir()) == []


def test_it_can_be_cancelled_while_a_script_runs(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.serving.export.package.fits", lambda network: False)
    monkeypatch.setattr("core.serving.export.package.PREDICT", "import time; time.sleep(60)")
    part, pictures = unseen_pictures(workspace, run, 2)
    told: list[str] = []
    with pytest.raises(Cancelled):
        export_run(
            workspace,
            run,
            pictures,
            part,
            on_progress=lambda done, total, what: told.append(what),
            should_stop=lambda: told[-1:] == ["asking predict.py in a process of its own"],
        )
    assert export_of(run) is None
    assert list(export_folder(run).iterdir()) == []


def test_the_onnx_file_tells_its_classes_and_nothing_of_this_machine(exported: Exported) -> None:
    path = exported.folder / "model.onnx"
    model = onnx.load(path)
    facts = {each.key: each.value for each in model.metadata_props}
    assert tuple(json.loads(facts["classes"])) == exported.saved.classes
    assert json.loads(facts["at_least"]) == list(exported.saved.preprocessing.at_least)
    assert facts["app"]
    (given,), (made,) = model.graph.input, model.graph.output
    dimensions = [each.dim_param or each.dim_value for each in given.type.tensor_type.shape.dim]
    assert (given.name, dimensions) == ("picture", ["batch", "height", "width", 3])
    assert given.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert (made.name, made.type.tensor_type.shape.dim[1].dim_value) == ("probabilities", 10)
    assert b"whole_network.py" not in path.read_bytes()
    assert not any(each.external_data for each in model.graph.initializer)
