"""Model files, honest and hostile."""

import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save

from core.data.preprocessing import ColorMode, Preprocessing
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.saved_model import SavedModel
from core.records import to_json

State = dict[str, torch.Tensor]
SIDE = 8
SAVED = SavedModel(
    CnnConfig((ConvBlock(4, batch_norm=True),)),
    Preprocessing.of((SIDE, SIDE), ColorMode.GREY),
    ("ant", "bee", "cat"),
    False,
)
OPSET = 18


class Trap:
    """Runs a command when it is unpickled: the marker appears."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.marker),)


class Nested:
    """Unpickles a pickle that runs a command."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return pickle.loads, (pickle.dumps(Trap(self.marker)),)


def small_state(saved: SavedModel = SAVED) -> State:
    torch.manual_seed(0)
    model = build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs)
    return {name: value.clone() for name, value in model.state_dict().items()}


def torch_file(value: Any, *, legacy: bool = False) -> bytes:
    data = io.BytesIO()
    torch.save(value, data, _use_new_zipfile_serialization=not legacy)
    return data.getvalue()


def export_zip(
    state: State | None = None,
    *,
    change: Callable[[dict[str, Any]], Any] = lambda config: config,
    members: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """As the app exports it; `change` gets its config, and `members` come last."""
    weights = save(small_state() if state is None else state)
    config = {
        "format": 1,
        "model": to_json(SAVED),
        "temperature": 1.5,
        "run": {"run": "20260101-digits", "seed": 7},
        "files": {"model.safetensors": hashlib.sha256(weights).hexdigest()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("config.json", json.dumps(change(config)))
        archive.writestr("model.safetensors", weights)
        for name, content in (members or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def linked_zip() -> bytes:
    """An export in which a link takes the place of the weights."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(export_zip())) as source, zipfile.ZipFile(out, "w") as archive:
        archive.writestr("config.json", source.read("config.json"))
        link = zipfile.ZipInfo("model.safetensors")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def rezipped(data: bytes, members: dict[str, bytes]) -> bytes:
    """A zip that torch wrote with other or further members."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, members.pop(name, source.read(name)))
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_member_twice(data: bytes) -> bytes:
    """A zip that holds its first member a second time, with other content."""
    out = io.BytesIO(data)
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of it
        archive.writestr(archive.namelist()[0], b"other")
    return out.getvalue()


def pickle_in_zip(marker: Path) -> bytes:
    """A zip by torch whose tensors are honest, and which holds another pickle that is not."""
    return rezipped(torch_file(small_state()), {"archive/extra.pkl": pickle.dumps(Trap(marker))})


def tar_file() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"), io.BytesIO())
    return out.getvalue()


def safetensors(entries: dict[str, Any], body: bytes = b"", *, claimed: int | None = None) -> bytes:
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header) if claimed is None else claimed) + header + body


def entry(shape: list[int], first: int, last: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [first, last]}


def onnx_file(
    nodes: list[onnx.NodeProto],
    *,
    input_type: int = TensorProto.FLOAT,
    shape: tuple[int | str | None, ...] = ("n", 3, SIDE, SIDE),
    constants: dict[str, np.ndarray] | None = None,
    tensors: list[onnx.TensorProto] | None = None,
    opsets: dict[str, int] | None = None,
    facts: dict[str, str] | None = None,
) -> bytes:
    """A network of one input `x` and one output `y`."""
    initializers = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", input_type, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", "classes"))],
        [*initializers, *(tensors or [])],
    )
    domains = [
        helper.make_opsetid(domain, version) for domain, version in ({"": OPSET} | (opsets or {})).items()
    ]
    model = helper.make_model(graph, opset_imports=domains, ir_version=10)
    helper.set_model_props(model, facts or {})
    return model.SerializeToString()


def averaging(classes: int = 3, **settings: Any) -> bytes:
    """A network (B, 3, H, W) -> (B, classes): the mean of each channel, through a matrix."""
    weights = np.random.default_rng(0).standard_normal((3, classes)).astype(np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["y"]),
    ]
    return onnx_file(nodes, constants={"axes": np.array([2, 3]), "weights": weights}, **settings)


def giant(operator: str) -> bytes:
    """A network that makes terabytes of a few bytes."""
    side = np.array([1_000_000, 1_000_000], np.int64)
    made = (
        helper.make_node("ConstantOfShape", ["side"], ["much"])
        if operator == "ConstantOfShape"
        else helper.make_node("Expand", ["one", "side"], ["much"])
    )
    nodes = [
        made,
        helper.make_node("ReduceSum", ["much"], ["sum"], keepdims=0),
        helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
        helper.make_node("Add", ["means", "sum"], ["y"]),
    ]
    constants = {"side": side, "axes": np.array([2, 3]), "one": np.ones((1, 1), np.float32)}
    return onnx_file(nodes, constants=constants)


def external(place: str, *, in_a_function: bool = False) -> bytes:
    """A network whose weights lie in another file; they may be the default of a function of its own."""
    tensor = helper.make_tensor("weights", TensorProto.FLOAT, [3, 3], np.zeros(9, np.float32))
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["y"]),
    ]
    constants = {"axes": np.array([2, 3])}
    if not in_a_function:
        return onnx_file(nodes, constants=constants, tensors=[tensor])
    constant = helper.make_node("Constant", [], ["w"])
    constant.attribute.add(name="value", ref_attr_name="value", type=onnx.AttributeProto.TENSOR)
    opsets = [helper.make_opsetid("", OPSET)]
    defaults = [helper.make_attribute("value", tensor)]
    function = helper.make_function(
        "own", "Weights", [], ["w"], [constant], opsets, attribute_protos=defaults
    )
    calls = helper.make_node("Weights", [], ["weights"], domain="own")
    model = onnx.ModelProto.FromString(onnx_file([calls, *nodes], constants=constants, opsets={"own": 1}))
    model.functions.append(function)
    return model.SerializeToString()


def huge_initializer() -> bytes:
    """A tensor that claims to be a terabyte and holds nothing."""
    tensor = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[1_000_000, 1_000_000])
    return onnx_file([helper.make_node("Identity", ["weights"], ["y"])], tensors=[tensor])


def endless() -> bytes:
    """A loop that never ends."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_on"], ["goes_on"]), helper.make_node("Add", ["a", "a"], ["b"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("a", TensorProto.FLOAT, ("n", 3, SIDE, SIDE)),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("b", TensorProto.FLOAT, ("n", 3, SIDE, SIDE)),
        ],
    )
    return onnx_file(
        [helper.make_node("Loop", ["", "true", "x"], ["y"], body=body)], constants={"true": np.array(True)}
    )
