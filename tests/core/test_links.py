import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.links import MOST_LETTERS, pack, unpack


@given(st.text(max_size=300))
def test_what_is_packed_comes_back(text: str) -> None:
    packed = pack(text)
    assert packed is not None
    assert set(packed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert unpack(packed) == text


def test_code_that_repeats_itself_gets_short_and_noise_is_too_long() -> None:
    code = "nn.Conv2d(16, 16, 3),\n" * 500
    assert len(pack(code) or code) < 100
    noise = "".join(chr(0x4E00 + (7919 * i) % 20_000) for i in range(5_000))
    assert pack(noise) is None


@given(st.text(max_size=200))
def test_any_other_text_is_refused_or_read_and_nothing_else(text: str) -> None:
    try:
        found = unpack(text)
    except ConfigError as error:
        found = error.expected
    assert isinstance(found, str)


def test_a_bomb_is_not_blown_up() -> None:
    bomb = zlib.compress(b"a" * 50_000_000, 9, wbits=-15)
    with pytest.raises(ConfigError, match="can't be read"):
        unpack(base64.urlsafe_b64encode(bomb).decode())


def test_a_link_that_was_cut_is_refused() -> None:
    packed = pack("nn.Linear(1250, 1)" + "".join(map(str, range(200))))
    assert packed is not None
    assert len(packed) < MOST_LETTERS
    with pytest.raises(ConfigError, match="can't be read"):
        unpack(packed[:-40])
