import os
import zipfile
from pathlib import Path

import pytest

from core.serving.sorted_zip import LONGEST, safe_name, write_sorted_zip


def test_each_picture_lies_in_its_folder_with_its_bytes_and_twins_are_numbered(tmp_path: Path) -> None:
    files = [tmp_path / str(n) for n in range(4)]
    for file in files:
        file.write_bytes(file.name.encode() * 100)
    os.utime(files[0], (0, 0))  # older than what a zip can tell
    target = tmp_path / "sorted.zip"
    pictures = [("a/x.png", files[0], "cat"), ("x.png", files[1], "cat"), ("X.PNG", files[2], "cat")]
    heard: list[int] = []
    write_sorted_zip(
        target,
        [*pictures, ("x.png", files[3], "none of these")],
        on_progress=lambda done, total, what: heard.append(done),
    )
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert names == ["cat/x.png", "cat/x (2).png", "cat/X (3).PNG", "none of these/x.png"]
        assert [archive.read(name) for name in names] == [file.read_bytes() for file in files]
    assert heard == [0, 1, 2, 3]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_sorted_zip(tmp_path / "sorted.zip", [("x.png", tmp_path / "gone", "cat")])
    assert not list(tmp_path.glob("*.zip*"))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../../etc/passwd",
        "/",
        "",
        "CON",
        "nul.png",
        "a\0b",
        "a\u202eb",
        "x" * 500 + ".jpeg",
        "c:\\x",
        " . ",
    ],
)
def test_no_name_leads_anywhere_or_troubles_a_system(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe) <= LONGEST + 1
    assert not set(safe) & set('<>:"/\\|?*\0\u202e')
    assert safe.strip(". ") == safe
    assert safe.split(".")[0].lower() not in ("con", "nul")
    if name.endswith(".jpeg"):
        assert safe.endswith(".jpeg")
