"""Quantities as a reader says them, and names from outside made harmless."""

import re
from collections.abc import Iterable
from datetime import datetime

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&])")
# Marks that turn the direction of the text after them, and so can make a name read as another.
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def plain(text: str) -> str:
    """`text` so that Markdown shows it as it is: a file name can't become a link or a heading."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.translate(_DIRECTIONS).split()))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 picture`, `1,797 pictures`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def numbered(words: Iterable[str]) -> list[str]:
    """`words`, the same ones told apart by a number: the second gets (2)."""
    taken: set[str] = set()
    told_apart = []
    for said in words:
        name, number = said, 2
        while name in taken:
            name, number = f"{said} ({number})", number + 1
        taken.add(name)
        told_apart.append(name)
    return told_apart


def size(n_bytes: float) -> str:
    """Bytes in steps of 1,000: `512 bytes`, `3.4 MB`."""
    unit = 0
    while n_bytes >= 999.5 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    digits = 0 if unit == 0 or n_bytes >= 99.5 else 1
    return f"{n_bytes:.{digits}f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """`4 s`, `2 min 5 s`, `1 h 12 min`."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def short_time(seconds: float) -> str:
    """As `duration`, but the parts of a few seconds count: `0.14 s`, `3.2 s`, `2 min 5 s`."""
    return f"{max(seconds, 0.0):.2g} s" if seconds < 9.95 else duration(seconds)


def when(seconds: float) -> str:
    """A moment, given in seconds since 1970, in this machine's time zone: `23 Nov 2026, 14:05`."""
    moment = datetime.fromtimestamp(seconds)
    return f"{moment.day} {moment:%b %Y, %H:%M}"
