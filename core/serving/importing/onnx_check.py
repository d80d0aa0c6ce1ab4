"""An ONNX file looked at before any part of it is computed: what it claims, what it needs, what it takes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from core.data.preprocessing import Preprocessing
from core.errors import ConfigError, ModelFileError
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.records import from_json
from core.serving.importing.onnx_description import OnnxInput

MOST_BYTES = 1_500_000_000
MOST_NODES = 200_000
MOST_SIDE = 2048  # pixels
STANDARD = ("", "ai.onnx", "ai.onnx.ml")  # domains of operators
OLDEST_IR = 3
_VALUES_A_BYTE = 8  # declared bytes to stored ones: int64 numbers under 128 are stored in one
_FREE = 64  # bytes of a tensor that are never too many


@dataclass(frozen=True)
class OnnxFacts:
    """`classes` and `preprocessing` are what the file's metadata tell, empty and None where they don't."""

    input: OnnxInput
    outputs: tuple[str, ...]  # tensors of floats
    classes: tuple[str, ...]
    preprocessing: Preprocessing | BackbonePreprocessing | None
    told: dict[str, str]


def read_onnx(path: Path) -> OnnxFacts:
    """What the network in `path` takes and gives; nothing of it is computed.

    Raises:
        ModelFileError: the file is damaged, too large, or needs what isn't there.
    """
    if (size := path.stat().st_size) > MOST_BYTES:
        raise _refused("It is too large.", f"at most {MOST_BYTES / 1e9:g} GB", f"{size / 1e9:.1f} GB")
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as damage:  # protobuf's own errors
        raise _refused("It is damaged, or no ONNX file.", found=str(damage)[:120]) from damage
    _check_versions(model)
    _check_nodes(model)
    for tensor in _tensors(model):
        _check_tensor(tensor)
    try:
        onnx.checker.check_model(model)
    except Exception as broken:  # checker.ValidationError, and what the parser behind it raises
        raise _refused("ONNX's own checker refuses it.", found=str(broken).strip()[:200]) from broken
    facts = {entry.key: entry.value for entry in model.metadata_props}
    return OnnxFacts(
        _input(model.graph),
        _outputs(model.graph),
        _classes(facts),
        _preprocessing(facts),
        {key[:60]: value[:500] for key, value in list(facts.items())[:20] if key not in ("classes",)},
    )


def _check_versions(model: ModelProto) -> None:
    newest = onnx.IR_VERSION
    if not OLDEST_IR <= model.ir_version <= newest:
        raise _refused(
            "It is of a version of ONNX that isn't known here.",
            f"IR {OLDEST_IR} to {newest}",
            f"IR {model.ir_version}",
        )
    known = {"": onnx.defs.onnx_opset_version()}
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and opset.version > known[""]:
            raise _refused(
                "It needs newer operators than there are here.",
                f"opset {known['']} at most",
                f"opset {opset.version}",
            )


def _check_nodes(model: ModelProto) -> None:
    own = {(function.domain, function.name) for function in model.functions}
    for count, node in enumerate(_nodes(model)):
        if count == MOST_NODES:
            raise _refused("It has too many operations.", f"at most {MOST_NODES:,}", "more")
        if node.domain not in STANDARD and (node.domain, node.op_type) not in own:
            raise _refused(
                "It needs an operator that is not ONNX's own, and so code from elsewhere.",
                "operators of ONNX",
                f"{node.op_type} of {node.domain}"[:100],
            )


def _check_tensor(tensor: TensorProto) -> None:
    """Its numbers lie in this file, and as many as it declares."""
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        places = [entry.value for entry in tensor.external_data if entry.key == "location"]
        raise _refused(
            "Its weights lie in another file, and files that a model names are not opened.",
            "all weights in the ONNX file",
            repr(places[0] if places else tensor.name)[:120],
            fix="Save it with its weights inside: onnx.save(model, path, save_as_external_data=False).",
        )
    if any(side < 0 for side in tensor.dims) or not TensorProto.DataType.Name(tensor.data_type):
        raise _refused(
            f"The tensor {tensor.name[:60]} has no possible shape.", found=str(list(tensor.dims))[:80]
        )
    declared, stored = prod(tensor.dims), tensor.ByteSize()
    if declared > _VALUES_A_BYTE * stored + _FREE:
        raise _refused(
            f"The tensor {tensor.name[:60]} claims more numbers than the file holds.",
            f"at most {stored:,} bytes of them",
            f"{declared:,} numbers",
        )


def _nodes(model: ModelProto) -> Iterator[NodeProto]:
    """All operations, also those inside others and in the file's own functions."""
    waiting: list[Any] = [model.graph, *model.functions]
    for function in model.functions:
        waiting += (graph for default in function.attribute_proto for graph in _graphs(default))
    while waiting:
        part = waiting.pop()
        for node in part.node:
            yield node
            waiting += (graph for attribute in node.attribute for graph in _graphs(attribute))


def _attributes(model: ModelProto) -> Iterator[AttributeProto]:
    """Those of all operations, and what the file's own functions have as defaults."""
    for function in model.functions:
        yield from function.attribute_proto
    for node in _nodes(model):
        yield from node.attribute


def _graphs(attribute: AttributeProto) -> list[GraphProto]:
    return [*([attribute.g] if attribute.type == AttributeProto.GRAPH else []), *attribute.graphs]


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """All tensors that the file holds."""
    waiting: list[GraphProto] = [model.graph]
    for attribute in _attributes(model):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
        for each in (*sparse, *attribute.sparse_tensors):
            yield each.values
            yield each.indices
        waiting += _graphs(attribute)
    for graph in waiting:
        yield from graph.initializer
        for each in graph.sparse_initializer:
            yield each.values
            yield each.indices


def _input(graph: GraphProto) -> OnnxInput:
    """The one input that pictures go into."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    kinds = ", ".join(_described(value) for value in inputs)
    if len(inputs) != 1:
        raise _not_pictures(kinds or "no input")
    (value,) = inputs
    kind, sides = value.type.tensor_type.elem_type, _sides(value)
    if kind not in (TensorProto.UINT8, TensorProto.FLOAT) or sides is None or len(sides) != 4:
        raise _not_pictures(kinds)
    is_bytes = kind == TensorProto.UINT8
    last, first = sides[3] in (1, 3), sides[1] in (1, 3)
    channels_last = (last and (is_bytes or not first)) or (is_bytes and sides[3] is None and not first)
    channels = sides[3] if channels_last else sides[1]
    height, width = sides[1:3] if channels_last else sides[2:]
    if channels not in (1, 3, None) or any(side is not None and side > MOST_SIDE for side in (height, width)):
        raise _not_pictures(kinds)
    return OnnxInput(value.name, is_bytes, channels_last, sides[0], channels or 3, height, width)


def _outputs(graph: GraphProto) -> tuple[str, ...]:
    """Outputs that are tensors of floats."""
    names = [value.name for value in graph.output if value.type.tensor_type.elem_type == TensorProto.FLOAT]
    if not names:
        found = ", ".join(_described(value) for value in graph.output)
        raise _refused("It gives no numbers for classes.", "an output of floats (B, classes)", found[:120])
    return tuple(names)


def _sides(value: ValueInfoProto) -> list[int | None] | None:
    """The shape of a tensor, None where a side is free; None where even their number is not said."""
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return [side.dim_value if side.dim_value > 0 else None for side in kind.shape.dim]


def _described(value: ValueInfoProto) -> str:
    """ "input float (1, 3, 224, ?)"."""
    sides = ", ".join("?" if side is None else str(side) for side in _sides(value) or [])
    kind = value.type.tensor_type.elem_type
    known = TensorProto.DataType.Name(kind).lower() if kind in TensorProto.DataType.values() else "unknown"
    return f"{value.name[:40]} {known} ({sides})"


def _classes(facts: dict[str, str]) -> tuple[str, ...]:
    """The names of the classes, where the metadata have a JSON list of them."""
    try:
        names = json.loads(facts.get("classes", ""))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) and len(name) <= 1000 for name in names):
        return ()
    return tuple(names)


def _preprocessing(facts: dict[str, str]) -> Preprocessing | BackbonePreprocessing | None:
    """What this app notes of the pictures that it trained with."""
    try:
        value = json.loads(facts.get("preprocessing", ""))
        if "crop" in value:
            return from_json(BackbonePreprocessing, value)
        return from_json(Preprocessing, value)
    except (ValueError, TypeError, RecursionError, ConfigError):
        return None


def _not_pictures(found: str) -> ModelFileError:
    return _refused(
        "It doesn't take pictures alone.",
        f"one input, uint8 (B, H, W, 3) or float (B, 3, H, W), of at most {MOST_SIDE} pixels a side",
        found[:160],
    )


def _refused(problem: str, expected: str = "", found: str = "", *, fix: str = "") -> ModelFileError:
    return ModelFileError(
        f"The ONNX file can't be taken in. {problem}",
        expected=expected,
        found=found,
        fix=fix or "Export the model again as ONNX, for instance with torch.onnx.export.",
    )
