"""The files of an export, and the zip that they go into."""

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from core.data.parallel import StopCheck
from core.errors import Cancelled, ModelFileError
from core.models.saved_model import Saved, SavedModel
from core.records import to_json
from core.runs.store import Run
from core.serving.export.licenses import licenses_of
from core.serving.export.model_card import model_card
from core.serving.export.model_script import model_scripts, needs_torchvision
from core.serving.export.onnx_file import fits, write_onnx
from core.serving.export.provenance import Provenance
from core.serving.export.scripts import PREDICT, PREDICT_ONNX, command_line_script, pictures_script
from core.serving.export.whole_network import WholeNetwork
from core.serving.prediction import Predictor
from core.training.predictions import load_predictions
from core.workspace import write_json

FORMAT = 1
STORED = (".pt", ".safetensors", ".onnx")  # weights hardly get smaller
TOO_LARGE = "The weights are larger than the 2 GB that one ONNX file can hold."


@dataclass(frozen=True)
class Package:
    """A folder with all files of an export; `left_out` says why there is no model.onnx."""

    folder: Path
    left_out: str


def write_package(folder: Path, run: Run, predictor: Predictor, provenance: Provenance) -> Package:
    """Write every file into `folder`, which is empty."""
    saved, state = predictor.saved, predictor.model.state_dict()
    about = f"Pictures through {provenance.run_name}: {len(saved.classes)} classes."
    torch.save(state, folder / "model.pt")
    save_file(
        {name: tensor.clone().contiguous() for name, tensor in state.items()}, folder / "model.safetensors"
    )
    left_out = "" if fits(predictor.model) else TOO_LARGE
    if not left_out:
        metadata = {
            "about": about,
            "classes": list(saved.classes),
            "at_least": saved.preprocessing.at_least,
            "preprocessing": to_json(saved.preprocessing),
            "temperature": predictor.temperature,
            "app": provenance.app,
        }
        whole = WholeNetwork(predictor.model, saved, predictor.temperature)
        try:
            write_onnx(whole, folder / "model.onnx", metadata)
        except ModelFileError as failure:
            left_out = failure.problem
    texts = {
        **model_scripts(saved, predictor.temperature, about),
        "predict.py": PREDICT,
        "pictures.py": pictures_script(),
        "command_line.py": command_line_script(),
        "requirements.txt": _requirements(provenance, _torch_packages(saved)),
        "run.json": json.dumps(run.config(), ensure_ascii=False, indent=1),
    }
    if not left_out:
        texts["predict_onnx.py"] = PREDICT_ONNX
        texts["requirements-onnx.txt"] = _requirements(provenance, ("onnxruntime", "numpy", "pillow"))
    backbone = None if isinstance(saved, SavedModel) else saved.backbone
    licenses = licenses_of(backbone, run.config().get("weights"))
    texts |= {f"LICENSES/{name}": text for name, text in licenses.items()}
    predictions = {
        part: found for part in ("test", "valid") if (found := load_predictions(run.folder, part)) is not None
    }
    texts["README.md"] = model_card(
        saved, provenance, predictor.temperature, predictions, tuple(licenses), left_out=left_out
    )
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    config = {
        "format": FORMAT,
        "model": to_json(saved),
        "temperature": predictor.temperature,
        "run": to_json(provenance),
        "files": {name: digest_of(folder / name) for name in names_in(folder)},
    }
    write_json(folder / "config.json", config)
    return Package(folder, left_out)


def pack(package: Package, path: Path, should_stop: StopCheck) -> None:
    """All files of `package` as a zip at `path`.

    Raises:
        Cancelled: `should_stop` said so.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names_in(package.folder):
            if should_stop():
                raise Cancelled
            kind = zipfile.ZIP_STORED if name.endswith(STORED) else zipfile.ZIP_DEFLATED
            archive.write(package.folder / name, name, kind)


def unpack(path: Path, folder: Path) -> None:
    """A zip that `pack` made, as whoever gets it has it."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


def zip_name(run: Run) -> str:
    """The run's name as far as every system can have it in a file's name, and its id."""
    name = re.sub(r"[^\w-]+", "-", run.name).strip("-_")[:60].lower()
    return f"{name}-{run.id}.zip" if name else f"{run.id}.zip"


def names_in(folder: Path) -> list[str]:
    """All files below `folder`, with "/" between their parts."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _torch_packages(saved: Saved) -> tuple[str, ...]:
    packages = ("torch", "numpy", "pillow")
    return (*packages, "torchvision") if needs_torchvision(saved) else packages


def _requirements(provenance: Provenance, packages: tuple[str, ...]) -> str:
    return "".join(f"{name}=={provenance.versions[name]}\n" for name in packages)
