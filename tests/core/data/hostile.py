"""Broken and hostile files, seeded: what an import must name and survive."""

import random
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_image

from tests.core.data.bringing import encoded

KINDS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")


@dataclass(frozen=True)
class HostileFile:
    """`must_fail` is False where damage may hit nothing that matters, so that the picture still decodes."""

    name: str
    content: bytes
    must_fail: bool


def hostile_files(count: int = 200, seed: int = 0) -> list[HostileFile]:
    """`count` files, each of another kind in turn, with names that try to be paths or can't be shown."""
    generator = random.Random(seed)
    photo = Image.fromarray(load_sample_image("flower.jpg")).resize((80, 60))
    good = {kind: encoded(photo, kind) for kind in KINDS}
    makers = (_cut, _flipped, _swapped_header, _wrong_type, _bomb, _overwritten, _noise, _repeated)
    files = []
    for index in range(count):
        kind = KINDS[index // len(makers) % len(KINDS)]
        content, must_fail = makers[index % len(makers)](good[kind], generator)
        files.append(HostileFile(_name(index, kind, generator), content, must_fail))
    return files


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png_claiming(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG of hardly any bytes that claims to be `width` x `height` pixels."""
    header = png_chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            header,
            *extra,
            png_chunk(b"IDAT", zlib.compress(bytes(10_000))),
            png_chunk(b"IEND", b""),
        )
    )


def _name(index: int, kind: str, generator: random.Random) -> str:
    odd = (
        "plain",
        "with space",
        "ünïcode",
        "new\nline",
        "<script>alert(1)</script>",
        "a" * 150,
        "'; drop --",
        "%s%n",
    )
    return f"{generator.choice(('cat', 'dog'))}/{index:03d} {generator.choice(odd)}.{kind.lower()}"


def _cut(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    return good[: int(len(good) * generator.uniform(0.05, 0.6))], True


def _flipped(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    content = bytearray(good)
    for _ in range(generator.randint(1, 60)):
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    return bytes(content), False


def _swapped_header(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    magic = generator.choice(
        (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"II*\x00", b"P6\n")
    )
    return magic + good[len(magic) + 8 :], False


def _wrong_type(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    others = (
        b"",
        b"\x00",
        b"label,file\ncat,1.png\n",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file",
        b"%PDF-1.7\n1 0 obj",
        b"PK\x03\x04" + bytes(60),
        b"#!/bin/sh\nrm -rf /\n",
        b"\x80\x04\x95cos\nsystem\n(S'id'\ntR.",
        b"MZ" + bytes(200),
    )
    return generator.choice(others), True


def _bomb(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    return generator.choice(_bombs()), True


@cache
def _bombs() -> tuple[bytes, ...]:
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    return (
        png_claiming(30_000, 30_000),
        png_claiming(2**31 - 1, 2**31 - 1),
        png_claiming(65_536, 1),
        png_claiming(40, 40, text),
        b"P6\n50000 50000\n255\n" + bytes(100),
        b"P5\n-5 10\n255\n" + bytes(100),
        b"BM"
        + struct.pack("<LHHLLllHHLLllLL", 154, 0, 0, 54, 40, 60_000, 59_000, 1, 24, 0, 0, 0, 0, 0, 0)
        + bytes(100),
        b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6) + b",",
    )


def _overwritten(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    start = generator.randrange(len(good) // 2)
    length = generator.randrange(1, len(good) // 3)
    return good[:start] + generator.choice((b"\x00", b"\xff")) * length + good[start + length :], False


def _noise(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    return generator.randbytes(generator.randint(1, 4000)), True


def _repeated(good: bytes, generator: random.Random) -> tuple[bytes, bool]:
    piece = good[: generator.randint(2, 200)]
    return piece * generator.randint(2, 50), False


def write_hostile(root: Path, files: list[HostileFile]) -> dict[str, str]:
    """Write `files` below `root` under names that a disk takes; gives the names that an import must tell."""
    written = {}
    for file in files:
        path = root / file.name.replace("</", "<_")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        written[file.name] = path.relative_to(root).as_posix().replace("\n", "�")
    return written
