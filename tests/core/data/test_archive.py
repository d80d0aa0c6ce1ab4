import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from core.data.archive import ZipSource
from core.data.decoding import MAX_FILE_BYTES
from core.data.zip_directory import MAX_DIRECTORY_BYTES, MAX_ENTRIES
from core.errors import ImportRefused
from tests.core.data.bringing import png, write_zip


def listed(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Contents by name, and reasons by name."""
    with ZipSource(path) as source:
        listing = source.listing()
        contents = {}
        for file in listing.files:
            with file.open() as stream:
                contents[file.name] = stream.read()
        return contents, {rejected.name: rejected.reason for rejected in listing.rejected}


def lock_entries(path: Path, names: set[str]) -> None:
    """Set the encryption flag of these entries, as a packer with a password does."""
    content = bytearray(path.read_bytes())
    for signature, flags_at, name_length_at, name_at in (
        (b"PK\x01\x02", 8, 28, 46),
        (b"PK\x03\x04", 6, 26, 30),
    ):
        at = content.find(signature)
        while at >= 0:
            length = struct.unpack_from("<H", content, at + name_length_at)[0]
            if content[at + name_at : at + name_at + length].decode() in names:
                content[at + flags_at] |= 1
            at = content.find(signature, at + 4)
    path.write_bytes(content)


def test_members_come_out_whole(tmp_path: Path) -> None:
    files = {"cat/1.png": png(1), "dog/2.png": png(2)}
    assert listed(write_zip(tmp_path / "a.zip", files)) == (files, {})


def test_folders_are_listed_for_empty_classes(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"cat/": b"", "cat/1.png": png(1), "fish/": b""})
    with ZipSource(path) as source:
        assert source.listing().folders == ("cat/", "fish/")


def test_links_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("cat/1.png", png(1))
    contents, reasons = listed(path)
    assert set(contents) == {"cat/1.png"}
    assert "link" in reasons["cat/link.png"]


def test_locked_members_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": png(1), "cat/locked.png": png(2)})
    lock_entries(path, {"cat/locked.png"})
    contents, reasons = listed(path)
    assert contents == {"cat/1.png": png(1)}
    assert "password" in reasons["cat/locked.png"]


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": png(1)})
    lock_entries(path, {"cat/1.png"})
    with pytest.raises(ImportRefused, match="locked with a password"):
        listed(path)


def test_ten_gigabytes_of_zeros_in_a_few_bytes(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": png(1), "cat/bomb.png": b"0000"})
    content = bytearray(path.read_bytes())
    at = content.rfind(b"cat/bomb.png") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<L", content, at + 24, 4_000_000_000)
    path.write_bytes(content)
    contents, reasons = listed(path)
    assert set(contents) == {"cat/1.png"}
    assert "4,000 MB" in reasons["cat/bomb.png"]


def test_a_member_that_packs_too_well_is_rejected_unread(tmp_path: Path) -> None:
    zeros = bytes(MAX_FILE_BYTES // 4)
    contents, reasons = listed(write_zip(tmp_path / "a.zip", {"cat/1.png": png(1), "cat/zeros.png": zeros}))
    assert set(contents) == {"cat/1.png"}
    assert "times its size" in reasons["cat/zeros.png"]


def test_many_members_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    """Overlapping entries, as in the zip bombs of D. Fifield: small, yet they unpack to gigabytes."""
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": bytes(19_000_000)})
    content = path.read_bytes()
    directory_at = content.rfind(b"PK\x01\x02")
    end_at = content.rfind(b"PK\x05\x06")
    entry = content[directory_at:end_at]
    end = bytearray(content[end_at:])
    struct.pack_into("<HHL", end, 8, 200, 200, 200 * len(entry))
    path.write_bytes(content[:directory_at] + entry * 200 + bytes(end))
    with pytest.raises(ImportRefused, match="far more than pictures would"):
        listed(path)


def many_entries(count: int, before_the_end: bytes = b"") -> bytes:
    """A zip of nothing but its directory: `count` entries without a name."""
    directory = count * (b"PK\x01\x02" + bytes(42))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory) + len(before_the_end), 0, 0)
    return directory + before_the_end + end


@pytest.mark.parametrize("before_the_end", [b"", b"PK\x06\x07" + bytes(16)], ids=["plain", "false locator"])
def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before_the_end: bytes) -> None:
    """They are refused before `zipfile` makes an object of each."""
    path = tmp_path / "a.zip"
    path.write_bytes(many_entries(MAX_ENTRIES + 1, before_the_end))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ImportRefused, match="too many entries"):
        listed(path)


def test_a_directory_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(many_entries(MAX_DIRECTORY_BYTES // 46 + 1))
    with pytest.raises(ImportRefused, match="list of names"):
        listed(path)


def test_an_empty_zip(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="empty"):
        listed(write_zip(tmp_path / "a.zip", {}))


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\x03\x04" + bytes(100), b"PK\x05\x06", b"Rar!\x1a\x07\x00"]
)
def test_no_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ImportRefused, match="not a whole zip"):
        listed(tmp_path / "a.zip")


def test_a_cut_zip(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"cat/{i}.png": png(i) for i in range(5)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ImportRefused, match="not a whole zip"):
        listed(path)


def test_a_missing_zip(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="can't be read"):
        listed(tmp_path / "gone.zip")


def test_names_in_another_alphabet(tmp_path: Path) -> None:
    files = {"猫/1.png": png(1), "é/2.png": png(2)}
    assert listed(write_zip(tmp_path / "a.zip", files))[0] == files


def test_names_that_aren_t_utf8(tmp_path: Path) -> None:
    """Shift-JIS without a word about it, and bytes that claim to be UTF-8: both come in under odd letters."""
    path = tmp_path / "a.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat/xx1.png", png(1))
        archive.writestr("cat/é2.png", png(2))
    content = (
        buffer.getvalue().replace(b"cat/xx1", b"cat/\x94L1").replace("cat/é2".encode(), b"cat/\xff\xfe2")
    )
    path.write_bytes(content)
    contents, reasons = listed(path)
    assert sorted(contents.values()) == sorted([png(1), png(2)])
    assert reasons == {}
    assert all(name.startswith("cat/") for name in contents)


def test_bytes_before_the_zip_are_no_obstacle(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"cat/1.png": png(1)})
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert listed(path)[0] == {"cat/1.png": png(1)}
