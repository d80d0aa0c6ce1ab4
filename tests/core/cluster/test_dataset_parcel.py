from pathlib import Path

import pytest

pytest.importorskip("ray")

import core.cluster.dataset_parcel as module
from core.cluster.dataset_parcel import hash_of, pack


@pytest.mark.slow  # it loads Ray
def test_a_data_set_is_packed_whole_in_parts_and_without_its_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {f"pictures/{n % 3}/{n}.png": bytes([n]) * 40 for n in range(10)} | {"pictures.jsonl": b"{}"}
    (tmp_path / "another disk").mkdir()
    tmp_path /= "data set"
    tmp_path.mkdir()
    (tmp_path / "pictures").symlink_to(tmp_path.parent / "another disk")
    for name, content in {**contents, "decoded.raw": b"cache", ".half": b"written"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(module, "PART", 100)
    parts = list(pack(tmp_path))
    assert {name: content for part in parts for name, content in part.items()} == contents
    assert sum(map(len, parts)) == len(contents)
    assert len(parts) == 4
    assert hash_of(tmp_path) != hash_of(tmp_path / "nothing") == ""
