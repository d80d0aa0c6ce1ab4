from pathlib import Path

import psutil
import pytest

from core import machine
from core.machine import computes_bfloat16, free_disk, free_memory


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files in which Linux tells a container's memory."""
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    (tmp_path / "memory.current").write_text("700000000\n")
    (tmp_path / "memory.stat").write_text("anon 500000000\ninactive_file 100000000\nslab 5\n")
    return tmp_path


def test_a_container_has_what_its_limit_leaves(container: Path) -> None:
    (container / "memory.max").write_text("1000000000\n")
    assert free_memory() == 400_000_000


def test_without_a_limit_it_is_the_machine_s(container: Path) -> None:
    (container / "memory.max").write_text("max\n")
    assert free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    (container / "memory.max").unlink()
    assert free_memory() > 0


def test_a_limit_above_the_machine_s_memory_is_none(container: Path) -> None:
    (container / "memory.max").write_text(str(2**60))
    assert free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_a_disk_has_some_room(tmp_path: Path) -> None:
    assert free_disk(tmp_path) > 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_int8\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx512f avx2\n", False),
        (None, False),
    ],
)
def test_whether_the_processor_computes_bfloat16_is_read_in_what_linux_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, expected: bool
) -> None:
    monkeypatch.setattr(machine, "_PROCESSOR", tmp_path / "cpuinfo")
    if said is not None:
        (tmp_path / "cpuinfo").write_text(said)
    assert computes_bfloat16() is expected
