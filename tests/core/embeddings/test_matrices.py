import os
import time
from pathlib import Path

import numpy as np
import pytest

from core.embeddings.matrices import matrices


def test_small_ones_are_in_memory_and_large_ones_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "features"
    monkeypatch.setattr("core.embeddings.matrices.LARGE", 4 * 6)
    with matrices(folder) as make:
        small, large, other = make(2, 3), make(2, 4), make(7, 4)
        assert not isinstance(small, np.memmap)
        assert isinstance(large, np.memmap)
        large[:], other[:] = 1, 2
        assert (large == 1).all()
        assert other.shape == (7, 4)
        assert len(list(folder.rglob("*"))) == 3
    assert not any(folder.iterdir())


def test_what_a_killed_process_has_left_goes_in_the_end(tmp_path: Path) -> None:
    old, new = tmp_path / "features" / "matrices-old", tmp_path / "features" / "matrices-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "1").write_bytes(b"x")
    os.utime(old, (0, time.time() - 30 * 24 * 3600))
    with matrices(tmp_path / "features"):
        assert not old.exists()
        assert new.exists()
