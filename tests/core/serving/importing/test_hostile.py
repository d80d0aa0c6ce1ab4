"""Files that were made to harm: each is refused with its reason, nothing in it runs, and nothing is left."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import helper

from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import WorkbenchError
from core.serving.importing import onnx_trial
from core.serving.importing.bring import import_model
from core.serving.importing.request import ModelImport
from core.workspace import Workspace
from tests.core.serving.importing import files
from tests.core.serving.importing.files import Trap, entry, export_zip, safetensors, torch_file


def slow(name: str) -> list[pytest.MarkDecorator]:
    """An ONNX file is looked at in a process of its own, whose start takes a second."""
    return [pytest.mark.slow] if name.startswith("ONNX") else []


def changed(**settings: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda config: {**config, **settings}


def model_changed(**settings: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda config: {**config, "model": {**config["model"], **settings}}


def nan_state() -> files.State:
    state = files.small_state()
    state["conv1.weight"][0, 0, 0, 0] = float("nan")
    return state


Make = Callable[[Path], bytes]
WEIGHTS: dict[str, tuple[Make, str]] = {
    "a call in a zip by torch": (lambda m: torch_file({"a": Trap(m)}), r"holds code.*(posix|nt)\.mkdir"),
    "a call in torch's old form": (lambda m: torch_file({"a": Trap(m)}, legacy=True), r"holds code.*mkdir"),
    "a bare pickle": (lambda m: pickle.dumps(Trap(m)), r"holds code.*mkdir"),
    "a bare pickle of protocol 5": (lambda m: pickle.dumps({"a": Trap(m)}, 5), r"holds code.*mkdir"),
    "a pickle in a pickle": (lambda m: pickle.dumps(files.Nested(m)), r"holds code.*_pickle\.loads"),
    "a pickle beside the tensors": (files.pickle_in_zip, r"extra\.pkl in the file holds code.*mkdir"),
    "a name that is put together": (
        lambda m: b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93.",
        r"holds code.*os\.system",
    ),
    "a whole model": (
        lambda m: torch_file(torch.nn.Linear(2, 2)),
        r"holds code.*nn\.modules\.linear\.Linear",
    ),
    "a deep pickle": (lambda m: b"\x80\x02" + b"(" * 300_000 + b".", "damaged pickle"),
    "a tar file of old torch": (lambda m: files.tar_file(), "tar file"),
    "one name twice": (lambda m: files.with_member_twice(torch_file(files.small_state())), "twice"),
    "a header longer than the file": (lambda m: safetensors({}, claimed=2**62), "a header of at most"),
    "a tensor of terabytes": (
        lambda m: safetensors({"a": entry([10**6, 10**6], 0, 4 * 10**12)}),
        "not what it claims to be",
    ),
    "a tensor larger than its place": (
        lambda m: safetensors({"a": entry([1000], 0, 8)}, bytes(8)),
        "4,000 bytes of a, as its shape says",
    ),
    "tensors in one place": (
        lambda m: safetensors({"a": entry([2], 0, 8), "b": entry([2], 0, 8)}, bytes(8)),
        "one behind the other",
    ),
    "a place before the file": (
        lambda m: safetensors({"a": entry([2], -8, 0)}, bytes(8)),
        "not what it claims",
    ),
    "numbers that are none": (
        lambda m: torch_file(nan_state()),
        "conv1.weight holds values",
    ),
}
ZIPS: dict[str, tuple[Make, str]] = {
    "a path that leads out": (
        lambda m: export_zip(members={"../../evil.py": b"x"}),
        "leads out",
    ),
    "an absolute path": (lambda m: export_zip(members={"/tmp/evil": b"x"}), "leads out"),
    "a path of Windows": (lambda m: export_zip(members={"a\\..\\evil": b"x"}), "leads out"),
    "a link": (lambda m: files.linked_zip(), "a link to another file"),
    "a bomb": (
        lambda m: export_zip(members={"bomb": bytes(100_000_000)}, compression=8),
        "unpacks to far more",
    ),
    "one name twice": (lambda m: files.with_member_twice(export_zip()), "two files of one name"),
    "another digest": (
        lambda m: export_zip(change=changed(files={"model.safetensors": "0" * 64})),
        "changed after the export",
    ),
    "no digest": (lambda m: export_zip(change=changed(files={})), "states no digest"),
    "a class of Python": (
        lambda m: export_zip(change=changed(model={"kind": "os.system", "args": ["ls"]})),
        "kind of model that this version doesn't know",
    ),
    "a path as a backbone": (
        lambda m: export_zip(
            change=changed(
                model={
                    "kind": "features",
                    "backbone": "../../etc/passwd",
                    "features": 3,
                    "preprocessing": {"resize": 9, "crop": 8, "mean": [0, 0, 0], "std": [1, 1, 1]},
                    "classes": ["a", "b", "c"],
                }
            )
        ),
        "no backbone of this name",
    ),
    "a network of terabytes": (
        lambda m: export_zip(change=model_changed(cnn={"hidden": [{"width": 65536}] * 16})),
        "tensors don't fit",
    ),
    "a temperature of none": (lambda m: export_zip(change=changed(temperature="1")), "temperature is none"),
    "another version": (lambda m: export_zip(change=changed(format=99)), "another version"),
    "weights of another network": (lambda m: export_zip({"a": torch.zeros(3)}), "tensors don't fit"),
    "weights that are none": (lambda m: export_zip(nan_state()), "no numbers"),
    "cut short": (lambda m: export_zip()[:-30], "not what it claims to be"),
}
ONNX: dict[str, tuple[Make, str]] = {
    "weights in another file": (lambda m: files.external("../../../etc/passwd"), "etc/passwd"),
    "weights of a function in another file": (
        lambda m: files.external("../../../etc/passwd", in_a_function=True),
        "etc/passwd",
    ),
    "an absolute file of weights": (lambda m: files.external("/etc/passwd"), "not opened"),
    "a tensor of terabytes": (lambda m: files.huge_initializer(), "claims more numbers than the file holds"),
    "a constant of terabytes": (lambda m: files.giant("ConstantOfShape"), "too much memory"),
    "terabytes by repetition": (lambda m: files.giant("Expand"), "too much memory"),
    "an endless loop": (lambda m: files.endless(), "takes too"),
    "an operator of others": (
        lambda m: files.onnx_file([helper.make_node("Run", ["x"], ["y"], domain="evil")], opsets={"evil": 1}),
        "Run of evil",
    ),
    "operators of the future": (lambda m: files.averaging(opsets={"": 99}), "opset 99"),
    "an input of terabytes": (
        lambda m: files.averaging(shape=("n", 3, 10**6, 10**6)),
        "doesn't take pictures alone",
    ),
    "not a network": (lambda m: b"\x08" + bytes(range(100)), "damaged"),
}


LENET = {"like": "preset.lenet-5", "pictures": Preprocessing.of((32, 32), ColorMode.GREY)}
HOSTILE = {
    **{f"weights: {name}": case for name, case in WEIGHTS.items()},
    **{f"zip: {name}": case for name, case in ZIPS.items()},
    **{f"ONNX: {name}": case for name, case in ONNX.items()},
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=slow(name)) for name in HOSTILE])
def test_it_is_refused_and_harms_nobody(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make, words = HOSTILE[name]
    marker, source = tmp_path / "sprung", tmp_path / "given"
    source.write_bytes(make(marker))
    before = set(tmp_path.rglob("*"))
    if "endless" in name:
        monkeypatch.setattr(onnx_trial, "MOST_SECONDS", 4.0)
    with pytest.raises(WorkbenchError, match=words) as refusal:
        import_model(workspace, ModelImport("Evil", "evil.bin", str(source), **LENET))
    assert refusal.value.fix
    assert set(tmp_path.rglob("*")) == before
    assert not marker.exists()


def test_the_traps_are_real(tmp_path: Path) -> None:
    for make in (WEIGHTS["a bare pickle"][0], WEIGHTS["a pickle in a pickle"][0]):
        data = make(tmp_path / "sprung")
        pickle.loads(data)
        assert (tmp_path / "sprung").is_dir()
        (tmp_path / "sprung").rmdir()
