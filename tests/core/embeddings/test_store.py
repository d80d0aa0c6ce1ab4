import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from core.embeddings.store import CHECK, KEY, FeatureStore, store_path
from core.errors import Cancelled, DatasetError
from core.models.backbones import preprocessing_of
from core.workspace import Workspace

N = 5
RECORD = KEY + CHECK + 4 * N
PROJECT = Path(__file__).resolve().parents[3]


def keys(count: int, first: int = 0) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(first, first + count)]


def rows(count: int, first: int = 0) -> np.ndarray:
    return np.arange(first * N, (first + count) * N, dtype=np.float32).reshape(count, N)


def filled(path: Path, count: int) -> Path:
    with FeatureStore(path, N) as store, store.alone():
        store.append(keys(count), rows(count))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "features" / "some.f32"


def test_rows_come_back_in_any_order_also_after_a_restart(path: Path) -> None:
    with FeatureStore(path, N) as store, store.alone():
        store.append(keys(3), rows(3))
        store.append(keys(2, 3), rows(2, 3))
        np.testing.assert_array_equal(store.read(keys(5)), rows(5))
    with FeatureStore(path, N) as again:
        assert len(again) == 5
        np.testing.assert_array_equal(again.read(keys(5)[::-1]), rows(5)[::-1])
        into = np.zeros((2, N), np.float32)
        assert again.read(keys(2), into) is into
        np.testing.assert_array_equal(into, rows(2))
        assert again.missing([*keys(6, 3), *keys(1, 8)]) == keys(4, 5)
        with pytest.raises(KeyError):
            again.read(keys(1, 7))


@pytest.mark.parametrize("cut", [1, KEY, RECORD - 1, RECORD, RECORD + 3])
def test_a_cut_tail_is_missing_and_written_anew(path: Path, cut: int) -> None:
    content = filled(path, 4).read_bytes()
    path.write_bytes(content[:-cut])
    lost = -(-cut // RECORD)
    with FeatureStore(path, N) as store:
        assert store.missing(keys(4)) == keys(lost, 4 - lost)
        with store.alone():
            store.append(keys(lost, 4 - lost), rows(lost, 4 - lost))
        np.testing.assert_array_equal(store.read(keys(4)), rows(4))
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", [0, KEY + 1, KEY + CHECK + 2, RECORD - 1])
@pytest.mark.parametrize("record", [0, 1, 3])
def test_a_rotten_record_is_missing_and_written_anew(path: Path, record: int, place: int) -> None:
    content = bytearray(filled(path, 4).read_bytes())
    content[record * RECORD + place] ^= 0x10
    path.write_bytes(content)
    with FeatureStore(path, N) as store:
        assert store.missing(keys(4)) == keys(1, record)
        with store.alone():
            store.append(keys(1, record), rows(1, record))
    with FeatureStore(path, N) as store:
        np.testing.assert_array_equal(store.read(keys(4)), rows(4))


@pytest.mark.parametrize("content", [b"x", b"\0" * 10 * RECORD, bytes(range(256)) * 10])
def test_a_file_of_anything_else_holds_nothing(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with FeatureStore(path, N) as store:
        assert len(store) == 0
        with store.alone():
            store.append(keys(2), rows(2))
    assert path.stat().st_size == 2 * RECORD


def test_a_row_that_rots_while_the_file_is_open_is_found_out(path: Path) -> None:
    filled(path, 2)
    with FeatureStore(path, N) as store:
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        store.read(keys(1))
        with pytest.raises(DatasetError, match=r"damaged.*computed anew"):
            store.read(keys(2))


def test_what_another_has_appended_is_there_too(path: Path) -> None:
    with FeatureStore(path, N) as one, FeatureStore(path, N) as other:
        with one.alone():
            one.append(keys(2), rows(2))
        assert other.missing(keys(2)) == keys(2)
        with other.alone():
            assert other.missing(keys(3)) == keys(1, 2)
            other.append(keys(1, 2), rows(1, 2))
        with one.alone():
            np.testing.assert_array_equal(one.read(keys(3)), rows(3))


def test_who_waits_for_another_can_be_stopped(path: Path) -> None:
    with (
        FeatureStore(path, N) as store,
        FileLock(path.with_suffix(".lock")),
        pytest.raises(Cancelled),
        store.alone(lambda: True),
    ):
        pass


def test_another_backbone_preprocessing_or_numbers_has_another_file(workspace: Workspace) -> None:
    lite, dense = preprocessing_of("efficientnet_lite0"), preprocessing_of("densenet121")
    paths = {
        store_path(workspace, key, receives, numbers)
        for key in ("backbone/a/1", "backbone/a/2")
        for receives in (lite, dense)
        for numbers in ("float32 cpu", "bfloat16 cpu")
    }
    assert len(paths) == 8


WRITER = """
import hashlib, sys
from pathlib import Path
import numpy as np
from core.embeddings.store import FeatureStore
with FeatureStore(Path(sys.argv[1]), 5) as store:
    for number in range(40):
        key = hashlib.sha256(str(number).encode()).hexdigest()
        with store.alone():
            if store.missing([key]):
                store.append([key], np.arange(number * 5, number * 5 + 5, dtype=np.float32)[None])
                print(number)
"""


@pytest.mark.slow
def test_two_processes_share_a_file(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) for _ in range(2)]
    wrote = [writer.communicate(timeout=100)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(map(int, wrote[0] + wrote[1])) == list(range(40))
    assert path.stat().st_size == 40 * RECORD
    with FeatureStore(path, N) as store:
        np.testing.assert_array_equal(store.read(keys(40)), rows(40))
