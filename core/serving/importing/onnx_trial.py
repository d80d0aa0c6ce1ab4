"""The first look at an ONNX network and its first answers, in a process of their own that can be ended.

    python -m core.serving.importing.onnx_trial MODEL HEIGHT WIDTH

prints what it found as JSON; a height and width of 0 stand for the network's own.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from core.data.parallel import StopCheck, never
from core.data.preprocessing import Preprocessing
from core.errors import Cancelled, ModelFileError, WorkbenchError
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.records import from_json, to_json
from core.serving.importing.onnx_description import OnnxInput, Output, default_preprocessing

MOST_SECONDS = 120.0
MOST_MEMORY = 5 << 30  # bytes, beside three times the file
MOST_SHARE = 0.8  # of the memory that is free
LOOK = 0.05  # seconds
SLACK = 1e-3  # of probabilities that add up to one
_PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Trial:
    """What a network takes, the output that is used, and what `outputs` numbers a picture there are."""

    input: OnnxInput
    output_name: str
    output: Output
    outputs: int
    classes: tuple[str, ...]
    preprocessing: Preprocessing | BackbonePreprocessing | None
    told: dict[str, Any] = field(default_factory=dict)


def try_out(path: Path, side: tuple[int, int] | None = None, *, should_stop: StopCheck = never) -> Trial:
    """Check the network in `path` and run it, on pictures of `side` (height, width) where any size is taken.

    Raises:
        ModelFileError: it is refused, fails, or takes too much time or memory.
        Cancelled: `should_stop` said so.
    """
    command = [
        sys.executable,
        "-m",
        "core.serving.importing.onnx_trial",
        str(path),
        *map(str, side or (0, 0)),
    ]
    most = min(MOST_MEMORY + 3 * path.stat().st_size, MOST_SHARE * psutil.virtual_memory().available)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=_PROJECT, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL
        )
        try:
            _wait(process, most, should_stop)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        return _understood(said.read())


def _wait(process: subprocess.Popen, most: float, should_stop: StopCheck) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        if should_stop():
            raise Cancelled
        if time.monotonic() > deadline:
            raise _too_much(f"an answer within {MOST_SECONDS:.0f} s", "none")
        try:
            used = watched.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
        if used > most:
            raise _too_much(f"at most {most / 1e9:.1f} GB of memory", "more")
        time.sleep(LOOK)


def _understood(said: bytes) -> Trial:
    try:
        answer = json.loads(said)
    except ValueError as silence:
        raise ModelFileError(
            "The network brought down the process that tried it; nothing else was harmed.",
            fix="Export the model again as ONNX, for instance with torch.onnx.export.",
        ) from silence
    if refusal := answer.get("refusal"):
        raise ModelFileError(**refusal)
    return from_json(Trial, answer["trial"])


def _try(path: Path, side: tuple[int, int]) -> Trial:
    """What `try_out` does, in this process."""
    from core.serving.importing.onnx_check import read_onnx
    from core.serving.importing.onnx_session import BATCH, open_session, run

    facts = read_onnx(path)
    session = open_session(path)
    usual = facts.preprocessing or default_preprocessing(facts.input)
    height, width = side if all(side) else usual.shape[1:]
    height, width = facts.input.height or height, facts.input.width or width
    batches = [facts.input.batch] if facts.input.batch else [1, BATCH]
    answers = [
        run(session, facts.outputs[0], facts.input.name, _noise(facts.input, batch, height, width))
        for batch in batches
    ]
    last = answers[-1]
    return Trial(
        facts.input,
        facts.outputs[0],
        _kind_of(last),
        last.shape[1],
        facts.classes,
        facts.preprocessing,
        dict(facts.told),
    )


def _noise(given: OnnxInput, batch: int, height: int, width: int) -> np.ndarray:
    shape = given.array_shape(batch, height, width)
    draw = np.random.default_rng(0)
    if given.is_bytes:
        return draw.integers(0, 256, shape, np.uint8)
    return draw.standard_normal(shape, np.float32)


def _kind_of(answer: np.ndarray) -> Output:
    """Numbers (B, K) of which none is negative and which add up to one are probabilities."""
    sums = answer.sum(1)
    adds_up = np.allclose(sums, 1, atol=SLACK) if answer.shape[1] > 1 else bool((sums <= 1).all())
    return Output.PROBABILITIES if adds_up and (answer >= 0).all() else Output.LOGITS


def _too_much(expected: str, found: str) -> ModelFileError:
    return ModelFileError(
        "The network takes too much to try it.",
        expected=expected,
        found=found,
        fix="Use a smaller network or smaller pictures, or close other programs.",
    )


def main() -> int:
    path, height, width = sys.argv[1:]
    try:
        answer = {"trial": to_json(_try(Path(path), (int(height), int(width))))}
    except WorkbenchError as error:
        parts = ("problem", "expected", "found", "fix")
        answer = {"refusal": {part: getattr(error, part) for part in parts}}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
