from pathlib import Path

import psutil
import pytest

from core import machine
from core.machine import free_disk, free_memory


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
