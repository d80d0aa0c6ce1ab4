"""The device that trains: cuda, then mps, then cpu, chosen by itself. Importing this never imports torch."""

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import ConfigError


@dataclass(frozen=True)
class Device:
    """`name` as torch spells it, `words` as a person does."""

    name: str
    words: str


@functools.cache
def visible_devices() -> tuple[Device, ...]:
    """The devices of this machine that can train, best first, asked without loading torch."""
    gpus = tuple(Device(f"cuda:{i}", name) for i, name in enumerate(_nvidia_names()))
    if gpus:
        return gpus
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return (Device("mps", "Apple GPU"),)
    cores = os.cpu_count() or 1
    return (Device("cpu", f"CPU, {cores} core{'s' if cores > 1 else ''}"),)


def device_words(name: str) -> str:
    """How a person calls the device `name` of this machine."""
    return next((device.words for device in visible_devices() if device.name == name), name.upper())


def device_names(choice: str) -> tuple[str, ...]:
    """The devices on which a run with this `device` setting may go: "auto" is any visible one.

    Raises:
        ConfigError: the device isn't there.
    """
    visible = tuple(device.name for device in visible_devices())
    if choice == "auto":
        return visible
    if choice == "cpu" or choice in visible:
        return (choice,)
    raise ConfigError(
        f"This machine has no device {choice!r}.",
        expected="auto, cpu or " + ", ".join(visible),
        found=choice,
        fix="Choose auto.",
    )


def usable_device(name: str) -> str:
    """`name`, or "cpu" where the installed torch can't use that device after all."""
    import torch

    works: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    return name if works[name.split(":")[0]]() else "cpu"


def _nvidia_names() -> list[str]:
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return []
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    names = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    return names if hidden is None else [_visible_name(entry, names) for entry in hidden.split(",")]


def _visible_name(entry: str, names: list[str]) -> str:
    """The name behind one entry of CUDA_VISIBLE_DEVICES: a number, or an identifier that says no name."""
    number = int(entry) if entry.strip().isdecimal() else len(names)
    return names[number] if number < len(names) else "NVIDIA GPU"
