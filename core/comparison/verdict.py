"""A comparison in plain words: who is ahead, by more than chance or not, and at what cost."""

from collections.abc import Sequence

from core.comparison.table import AgainstBest, ComparisonTable, Row
from core.comparison.words import PART_WORDS, listed, p_words, time_words

Rival = tuple[Row, AgainstBest]

CLEARLY = 1.5  # times as long, from which a time is called longer


def verdict(table: ComparisonTable) -> list[str]:
    """Sentences in the order in which they matter; names stand in them as the user gave them."""
    rivals = [(row, row.against_best) for row in table.rows if row.against_best is not None]
    level = [(row, against) for row, against in rivals if not against.differs]
    worse = [(row, against) for row, against in rivals if against.differs]
    return [
        _who_leads(table, level),
        *_quickest([table.best, *(row for row, _ in level)]),
        *_worse(table, worse),
        *_too_few(table, level),
        _which_pictures(table),
    ]


def _who_leads(table: ComparisonTable, level: Sequence[Rival]) -> str:
    best = table.best
    where = f"On these {table.pictures:,} {PART_WORDS[table.part]} pictures"
    share = f"right on {best.right:,} of {table.pictures:,}"
    if len(table.rows) == 1:
        return f"{where}, {best.name} is {share}."
    if not level:
        return f"{where}, {best.name} is best: {share}, and ahead of all others by more than chance."
    names = listed([best.name, *(row.name for row, _ in level)])
    right = listed([f"{row.right:,}" for row in (best, *(row for row, _ in level))])
    return f"{where}, {names} can't be told apart: {right} are right ({_range_of_p(level)})."


def _range_of_p(level: Sequence[Rival]) -> str:
    ps = sorted(against.p for _, against in level)
    least, most = p_words(ps[0]), p_words(ps[-1])
    return least if least == most else f"{least} to {most.removeprefix('p = ')}"


def _quickest(level: Sequence[Row]) -> list[str]:
    """Of those that can't be told apart, which took the least time; nothing where times are much the same."""
    timed = sorted((row for row in level if row.costs.seconds), key=lambda row: row.costs.seconds or 0)
    if len(timed) < 2:
        return []
    quick, slow = timed[0], timed[-1]
    least, most = quick.costs.seconds or 0, slow.costs.seconds or 0
    if most < CLEARLY * least:
        return []
    times = f"{time_words(least)} instead of {time_words(most)}"
    found = (
        ", for what its frozen part makes of the pictures was on the disk already"
        if quick.costs.found
        else ""
    )
    return [
        f"{quick.name} took {_fraction(most / least)} of the time of {slow.name} to train ({times}{found})."
    ]


def _fraction(ratio: float) -> str:
    """`1/40`, with no more digits than a time is good for; `two thirds` below 2."""
    if ratio < 1.75:
        return "two thirds"
    digits = len(str(round(ratio)))
    return f"1/{round(ratio, -max(digits - 2, 0)):,.0f}"


def _worse(table: ComparisonTable, worse: Sequence[Rival]) -> list[str]:
    """By how many points of accuracy each is behind, as a 95 % interval of the paired difference."""
    if not worse:
        return []
    behind = [
        f"{row.name} ({row.right:,} right, {100 * against.behind.low:.1f} to {100 * against.behind.high:.1f} "
        f"points of accuracy behind, {p_words(against.p)})"
        for row, against in worse
    ]
    return [f"Worse than {table.best.name} by more than chance: {', '.join(behind)}."]


def _too_few(table: ComparisonTable, level: Sequence[Rival]) -> list[str]:
    """Where so few pictures are judged differently that no test could have told."""
    names = [
        row.name for row, against in level if against.test.disagreements and not against.test.could_differ
    ]
    if not names:
        return []
    return [
        f"{listed([table.best.name, *names])} differ on so few of these pictures that no test could tell "
        "them apart. That is no proof that they are equal: it takes more pictures to know."
    ]


def _which_pictures(table: ComparisonTable) -> str:
    if table.part == "test":
        return (
            "The best epoch of a run was chosen on the validation pictures; test pictures had no say in it."
        )
    return (
        "There are no test pictures, so these are the validation pictures. They also chose the best epoch of "
        "each run, so all scores are too good by a little: split anew with a test part for an honest number."
    )
