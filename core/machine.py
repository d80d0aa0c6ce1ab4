"""What this machine has free."""

import shutil
from contextlib import suppress
from pathlib import Path

import psutil

_GROUP = Path("/sys/fs/cgroup")
_PROCESSOR = Path("/proc/cpuinfo")


def free_memory() -> int:
    """Bytes that a new process can take: what the machine has, or what is left of this container's limit."""
    available = psutil.virtual_memory().available
    with suppress(OSError, ValueError):
        limit = int((_GROUP / "memory.max").read_text())  # "max", no number, where there is no limit
        used = int((_GROUP / "memory.current").read_text())
        lines = (line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        cached = next(int(value) for name, value in lines if name == "inactive_file")
        return max(0, min(available, limit - used + cached))
    return available


def free_disk(folder: Path) -> int:
    """Bytes free on the disk that holds `folder`."""
    return shutil.disk_usage(folder).free


def computes_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; False also where the system doesn't say."""
    with suppress(OSError):
        return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(_PROCESSOR.read_text().split())
    return False
