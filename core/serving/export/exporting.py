"""A run's model as one zip that runs anywhere, offered only once it has said what the app says."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from core.data.parallel import Progress, StopCheck, never
from core.errors import Cancelled, ExportRefused
from core.records import to_json
from core.runs.store import LEFTOVER_AGE, Run
from core.serving.export.package import digest_of, pack, unpack, write_package, zip_name
from core.serving.export.parity import lay_down, said_by_app, said_by_script
from core.serving.export.provenance import provenance_of
from core.serving.export.report import (
    MOST_DIFFERENCE,
    REPORT,
    CheckedForm,
    ExportReport,
    export_folder,
    exported_state,
)
from core.serving.prediction import Predictor, load_predictor
from core.workspace import Workspace, put_in_place, write_json

_SCRATCH = ".export-"
SCRIPTS = {"model.pt": "predict.py", "model.onnx": "predict_onnx.py"}


def export_run(
    workspace: Workspace,
    run: Run,
    pictures: Sequence[Path],
    part: str,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> ExportReport:
    """Export the best model of `run`, check it on `pictures` of its `part`, and keep zip and report.

    Raises:
        ExportRefused: a form says something else than the app, or doesn't run, or a picture can't be read.
        ModelFileError: the run has no model.
        DatasetError, RunError: what tells where the model comes from is gone or damaged.
        Cancelled: `should_stop` said so.
    """
    steps = count()
    total = 4 + len(SCRIPTS)

    def begin(what: str) -> None:
        if should_stop():
            raise Cancelled
        on_progress(next(steps), total, what)

    begin("asking the app")
    written = exported_state(run)
    predictor, provenance = load_predictor(run), provenance_of(workspace, run)
    expected = said_by_app(predictor, pictures)
    target = export_folder(run)
    target.mkdir(exist_ok=True)
    _remove_leftovers(target)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=target, ignore_cleanup_errors=True) as temporary:
        scratch = Path(temporary)
        begin("writing the network in each form")
        (scratch / "files").mkdir()
        package = write_package(scratch / "files", run, predictor, provenance)
        begin("packing")
        archive = scratch / zip_name(run)
        pack(package, archive, should_stop)
        begin("unpacking a copy")
        copy = scratch / "copy"
        unpack(archive, copy)
        forms = [_same_weights(copy / "model.safetensors", predictor)]
        names = lay_down(pictures, scratch / "pictures")
        for file, script in SCRIPTS.items():
            if (copy / file).exists():
                begin(f"asking {script} in a process of its own")
                said = said_by_script(
                    copy / script, scratch / "pictures", names, predictor.classes, should_stop
                )
                forms.append(_compared(file, script, copy, said, expected))
        report = ExportReport(
            archive.name,
            archive.stat().st_size,
            digest_of(archive),
            tuple(forms),
            len(pictures),
            part,
            predictor.temperature,
            time.time(),
            written,
            package.left_out,
        )
        _put(report, archive, target)
    return report


def _remove_leftovers(folder: Path) -> None:
    """Delete what an export that was killed an hour ago or more has left."""
    for leftover in folder.glob(f"{_SCRATCH}*"):
        if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
            shutil.rmtree(leftover, ignore_errors=True)


def _same_weights(path: Path, predictor: Predictor) -> CheckedForm:
    """Raises ExportRefused unless they are the very weights."""
    read, own = load_file(path), predictor.model.state_dict()
    if read.keys() != own.keys() or not all(torch.equal(read[name], own[name]) for name in own):
        raise ExportRefused(
            "model.safetensors doesn't hold the run's weights.",
            expected=f"{len(own):,} tensors, bit for bit",
            found=f"{len(read):,}, of which some differ",
            fix="Check the disk, and export again.",
        )
    return CheckedForm(path.name, "", path.stat().st_size, 0.0, 0)


def _compared(file: str, script: str, folder: Path, said: np.ndarray, expected: np.ndarray) -> CheckedForm:
    """Raises ExportRefused for a form that says something else than the app."""
    difference = float(np.abs(said - expected).max())
    changed = int((said.argmax(1) != expected.argmax(1)).sum())
    print(f"{script}: greatest difference {difference:.2g}, {changed} labels changed", flush=True)
    if not difference <= MOST_DIFFERENCE:
        worst = int(np.abs(said - expected).max(1).argmax())
        raise ExportRefused(
            f"{file} doesn't say what the app says, so the export is not offered.",
            expected=f"probabilities within {MOST_DIFFERENCE:g} of the app's",
            found=f"{difference:.2g} at picture {worst + 1} of {len(said)}; {changed} labels changed",
            fix="Please report this with the log of the export: it should not happen.",
        )
    return CheckedForm(file, script, (folder / file).stat().st_size, difference, changed)


def _put(report: ExportReport, archive: Path, folder: Path) -> None:
    """The zip, then its report, then nothing of the export before."""
    put_in_place(archive, folder / report.file)
    write_json(folder / REPORT, to_json(report))
    for other in folder.glob("*.zip"):
        if other.name != report.file:
            with contextlib.suppress(OSError):
                other.unlink()
