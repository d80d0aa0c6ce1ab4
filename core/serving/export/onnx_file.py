"""A whole network as an ONNX file: pictures as they are decoded in, probabilities out."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch

from core.errors import ModelFileError
from core.serving.export.whole_network import WholeNetwork

INPUT, OUTPUT = "picture", "probabilities"
MOST_BYTES = 2_000_000_000  # that one protobuf holds, weights included
EXAMPLE = (2, 50, 40, 3)  # of no meaning, but that no two sides are the same


def write_onnx(network: WholeNetwork, path: Path, metadata: Mapping[str, object]) -> None:
    """Write `network`; batch, height and width of its input are free. `metadata` goes in as text or JSON.

    Raises:
        ModelFileError: torch can't express the network in ONNX.
    """
    example = torch.zeros(EXAMPLE, dtype=torch.uint8)
    names = ("batch", "height", "width")
    try:
        program = torch.onnx.export(
            network.eval(),
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({axis: torch.export.Dim(name) for axis, name in enumerate(names)},),
            dynamo=True,
            verbose=False,
        )
        assert program is not None
    except torch.onnx.errors.OnnxExporterError as failure:
        raise ModelFileError(
            "PyTorch can't write this network as ONNX.",
            found=str(failure).split(".")[0][:200],
            fix="The other forms don't need that.",
        ) from failure
    model = program.model
    for part in (model.graph, *model.graph.all_nodes(), *_values(model)):
        part.metadata_props.clear()  # where in whose folders each operation was written
    for key, value in metadata.items():
        model.metadata_props[key] = value if isinstance(value, str) else json.dumps(value)
    program.save(path, external_data=False)
    onnx.checker.check_model(path)


def _values(model: Any) -> Iterator[Any]:
    return (value for node in model.graph.all_nodes() for value in node.outputs)


def fits(network: torch.nn.Module) -> bool:
    """Whether ONNX's format has room for it."""
    return sum(tensor.nbytes for tensor in network.state_dict().values()) < MOST_BYTES
