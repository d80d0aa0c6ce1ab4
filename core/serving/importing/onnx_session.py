"""onnxruntime with bounds: on the CPU, with so much memory and time, whatever the network asks for."""

import threading
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from core.errors import ModelFileError

MOST_MEMORY = 4 << 30  # bytes of all tensors of all ONNX networks of a process
MOST_SECONDS = 60.0  # for a batch
BATCH = 16  # pictures
_NO_MEMORY = "Arena::AllocateRaw"  # onnxruntime names the function that found none


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """The network in `path`, ready to run.

    Raises:
        ModelFileError: onnxruntime refuses it.
    """
    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised, and told to the user
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        # Constants are computed while it runs, where memory has a bound, and not while it is loaded.
        return onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"], disabled_optimizers=["ConstantFolding"]
        )
    except Exception as failure:  # onnxruntime has a class of its own for each kind
        raise _failed("onnxruntime can't load this network.", failure) from failure


def run(session: onnxruntime.InferenceSession, output: str, name: str, array: np.ndarray) -> np.ndarray:
    """The output of that name, float32 (B, K), for one batch.

    Raises:
        ModelFileError: the network fails, takes too long, or asks for too much memory.
    """
    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    timer = threading.Timer(MOST_SECONDS, setattr, (options, "terminate", True))
    timer.start()
    try:
        (answer,) = session.run([output], {name: array}, options)
    except Exception as failure:
        if options.terminate:
            raise ModelFileError(
                "The network takes too long.",
                expected=f"{BATCH} pictures in {MOST_SECONDS:.0f} s",
                found="more",
                fix="Use a smaller network, or smaller pictures.",
            ) from failure
        if _NO_MEMORY in str(failure):
            raise ModelFileError(
                "The network asks for too much memory.",
                expected=f"at most {MOST_MEMORY / 1e9:.1f} GB for all that it computes",
                found="more",
                fix="Use a smaller network, or smaller pictures.",
            ) from failure
        raise _failed("The network fails on a picture.", failure) from failure
    finally:
        timer.cancel()
    if answer.size == 0 or len(answer) != len(array):
        raise ModelFileError(
            "The network doesn't give an answer for each picture.",
            expected=f"({len(array)}, classes)",
            found=str(answer.shape),
            fix="Export it as a classifier, with the batch as the first axis.",
        )
    if not np.isfinite(answer).all():
        raise ModelFileError(
            "The network's answers are no numbers.",
            expected="finite numbers",
            found="infinite ones, or NaN",
            fix="Check how pictures are prepared, or export the network again.",
        )
    return answer.reshape(len(array), -1).astype(np.float32)


@cache
def _bound_memory() -> None:
    """onnxruntime takes the memory of all networks from one place, which has an end."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY}))


def _failed(problem: str, failure: Exception) -> ModelFileError:
    return ModelFileError(
        problem,
        found=str(failure).replace("[ONNXRuntimeError] : ", "")[:240],
        fix="Export the model again as ONNX, for instance with torch.onnx.export.",
    )
