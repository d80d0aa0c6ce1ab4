import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from sklearn.datasets import load_sample_image

from core.data.decoding import LEAST_SIDE, MAX_FILE_BYTES, MAX_PIXELS, inspect, open_picture, read_through
from core.errors import PictureRejected
from tests.core.data.bringing import encoded, noise

CHINA = Image.fromarray(load_sample_image("china.jpg"))  # 640 x 427


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size, with hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_lossless_formats_give_back_their_pixels(kind: str) -> None:
    picture = noise(1, mode="L")
    assert open_picture(encoded(picture, kind)).convert("L").tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    "kind",
    [
        "JPEG",
        "WEBP",
        pytest.param("AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="no AVIF")),
    ],
)
def test_lossy_formats_come_close(kind: str) -> None:
    opened = open_picture(encoded(CHINA, kind, quality=95))
    assert (opened.mode, opened.size) == ("RGB", CHINA.size)
    assert np.abs(np.asarray(opened).astype(int) - np.asarray(CHINA)).mean() < 4


def test_path_bytes_and_stream_are_the_same_picture(tmp_path: Path) -> None:
    content = encoded(noise(2))
    path = tmp_path / "picture.of.no.known.ending"
    path.write_bytes(content)
    opened = [open_picture(source).tobytes() for source in (path, content, io.BytesIO(content))]
    assert opened[0] == opened[1] == opened[2] == noise(2).tobytes()


def test_transparency_lies_on_white() -> None:
    rgba = Image.new("RGBA", (2, 1))
    rgba.putpixel((0, 0), (200, 0, 0, 128))
    opened = open_picture(encoded(rgba))
    assert opened.mode == "RGB"
    assert opened.getpixel((0, 0)) == pytest.approx((228, 127, 127), abs=1)
    assert opened.getpixel((1, 0)) == (255, 255, 255)


def test_grey_with_alpha_stays_grey() -> None:
    la = Image.new("LA", (2, 1))
    la.putpixel((0, 0), (100, 255))
    opened = open_picture(encoded(la))
    assert opened.mode == "L"
    assert opened.tobytes() == bytes([100, 255])


def test_grey_with_one_transparent_value() -> None:
    grey = Image.fromarray(np.array([[7, 90]], np.uint8))
    assert open_picture(encoded(grey, transparency=7)).tobytes() == bytes([255, 90])


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_transparency(kind: str) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 0])
    palette.putpixel((1, 0), 1)
    opened = open_picture(encoded(palette, kind, transparency=0))
    assert (opened.mode, opened.getpixel((0, 0)), opened.getpixel((1, 0))) == (
        "RGB",
        (255, 255, 255),
        (200, 100, 0),
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(kind: str) -> None:
    deep = Image.fromarray(np.array([[0, 257, 32896, 65535]], np.uint16))
    assert list(open_picture(encoded(deep, kind)).tobytes()) == [0, 1, 128, 255]


def test_sixteen_bit_ppm() -> None:
    content = b"P5 2 1 65535\n" + struct.pack(">2H", 65535, 32896)
    assert list(open_picture(content).tobytes()) == [255, 128]


def test_floats_within_0_and_1_fill_the_range_and_others_are_stretched() -> None:
    unit = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    wide = Image.fromarray(np.array([[-10, 0, 10]], np.float32))
    holes = Image.fromarray(np.array([[np.nan, np.inf, 1]], np.float32))
    assert list(open_picture(encoded(unit, "TIFF")).tobytes()) == [0, 128, 255]
    assert list(open_picture(encoded(wide, "TIFF")).tobytes()) == [0, 128, 255]
    assert list(open_picture(encoded(holes, "TIFF")).tobytes()) == [0, 0, 255]


def test_cmyk_becomes_rgb() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    opened = open_picture(encoded(red, "JPEG", quality=95))
    assert opened.mode == "RGB"
    assert opened.getpixel((8, 8)) == pytest.approx((255, 0, 0), abs=6)


def test_black_and_white_becomes_grey() -> None:
    assert open_picture(encoded(Image.new("1", (3, 3), 1))).tobytes() == bytes([255] * 9)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_first_frame_of_several(kind: str) -> None:
    first, second = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    content = encoded(first, kind, save_all=True, append_images=[second])
    assert open_picture(content).convert("RGB").getpixel((4, 4)) == pytest.approx((255, 0, 0), abs=3)
    assert inspect(content).frames == 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_turn(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (40, 24), "white")
    upright.paste((200, 30, 30), (0, 0, 20, 12))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright if orientation == 1 else upright.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(stored, kind, exif=exif)
    opened = open_picture(content)
    facts = inspect(content)
    assert opened.size == (facts.width, facts.height) == (40, 24)
    assert opened.getpixel((5, 5)) == pytest.approx((200, 30, 30), abs=12)
    assert opened.getpixel((35, 20)) == pytest.approx((255, 255, 255), abs=12)


def test_jpeg_is_decoded_small_but_never_below_twice_the_size() -> None:
    large = encoded(CHINA.resize((2560, 1708)), "JPEG", quality=92)
    assert open_picture(large, at_least=(200, 100)).size == (640, 427)
    assert open_picture(large, at_least=(100, 100)).size == (640, 427)  # as for 128
    assert open_picture(large, at_least=(900, 900)).size == (2560, 1708)
    assert open_picture(large).size == (2560, 1708)


def test_draft_of_a_turned_jpeg_measures_the_upright_sides() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(CHINA.resize((2560, 1600)), "JPEG", exif=exif)
    opened = open_picture(content, at_least=(600, 300))  # upright 1600 wide, 2560 high
    assert opened.size == (800, 1280)


def test_small_decoding_changes_the_resized_picture_little() -> None:
    large = encoded(CHINA.resize((2560, 1708)), "JPEG", quality=92)
    full = np.asarray(open_picture(large).resize((64, 64), Image.Resampling.BILINEAR)).astype(int)
    small = np.asarray(open_picture(large, at_least=(64, 64)).resize((64, 64), Image.Resampling.BILINEAR))
    assert np.abs(full - small).mean() < 2


def test_facts_are_those_of_the_file_and_not_of_the_small_decoding() -> None:
    facts = inspect(encoded(CHINA.convert("CMYK"), "JPEG"))
    assert (facts.format, facts.mode, facts.width, facts.height, facts.frames) == (
        "JPEG",
        "CMYK",
        640,
        427,
        1,
    )


def test_extreme_shapes_are_pictures() -> None:
    assert open_picture(encoded(Image.new("RGB", (1, 1)))).size == (1, 1)
    assert open_picture(encoded(Image.new("L", (20_000, 2)))).size == (20_000, 2)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_cut_files_are_found(kind: str) -> None:
    content = encoded(CHINA, kind)
    with pytest.raises(PictureRejected, match=r"damaged or cut|Not a picture"):
        inspect(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just words, no picture at all", "Not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "Not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Not a picture"),
        (png_header(20_000, 20_000), "too large"),
        (png_header(60_000, 60_000), "too large"),
        (png_header(70_000, 2), "too long"),
        (png_header(0, 10), "damaged|no pixels|Not a picture"),
    ],
)
def test_refusals_say_why(content: bytes, reason: str) -> None:
    for read in (open_picture, inspect):
        with pytest.raises(PictureRejected, match=reason) as refusal:
            read(content)
        assert refusal.value.fix


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    width = MAX_PIXELS // 5000 + 1
    with pytest.raises(PictureRejected, match="at most 89 megapixels"):
        open_picture(png_header(width, 5000))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.write(encoded(noise(3)))
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(PictureRejected, match="too large"):
        inspect(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureRejected, match="can't be read"):
        open_picture(tmp_path / "gone.png")


def test_damaged_exif_doesn_t_hide_the_picture() -> None:
    content = encoded(CHINA, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(range(40)))
    assert open_picture(content).size == CHINA.size


def test_threads_decode_the_same_as_one_after_another() -> None:
    contents = [encoded(noise(seed, 60, 60), kind) for seed in range(8) for kind in ("PNG", "JPEG", "WEBP")]
    expected = [open_picture(content).tobytes() for content in contents]
    with ThreadPoolExecutor(8) as pool:
        assert [picture.tobytes() for picture in pool.map(open_picture, contents)] == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF"])
def test_reading_through_gives_the_picture_that_opening_would(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    content = encoded(CHINA.resize((1600, 900)), kind, exif=exif)
    facts, picture = read_through(content, most=MAX_PIXELS)
    expected = open_picture(content, at_least=(LEAST_SIDE, 1))
    assert picture is not None
    assert (picture.mode, picture.size) == (expected.mode, expected.size)
    assert picture.tobytes() == expected.tobytes()
    assert facts == inspect(content)
    assert read_through(content, most=picture.width * picture.height - 1)[1] is None
