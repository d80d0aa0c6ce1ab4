"""A text in an address: squeezed, in letters that an address may hold, and back."""

import base64
import binascii
import zlib

from core.errors import ConfigError

MOST_LETTERS = 4_000  # of an address that mail programs and chats still pass on whole


def pack(text: str) -> str | None:
    """`text` for an address, or None where it would be too long for one."""
    squeezed = zlib.compress(text.encode("utf-8", "replace"), 9, wbits=-15)
    packed = base64.urlsafe_b64encode(squeezed).rstrip(b"=").decode()
    return packed if len(packed) <= MOST_LETTERS else None


def unpack(packed: str, most: int = 20_000) -> str:
    """The text that `pack` made `packed` of, of at most `most` bytes.

    Raises:
        ConfigError: `packed` is damaged, or holds more.
    """
    try:
        squeezed = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj(wbits=-15)
        text = reader.decompress(squeezed, most + 1)
        if len(text) > most or not reader.eof:
            raise ValueError("too long, or cut off")
        return text.decode("utf-8")
    except (ValueError, binascii.Error, zlib.error) as error:
        raise ConfigError(
            "The code in this address can't be read.",
            expected="a link made by this page",
            found=f"{len(packed):,} letters that say something else",
            fix="Ask for the link again, or paste the code itself.",
        ) from error
