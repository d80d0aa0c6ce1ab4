"""The answers of one or two models as a table for pandas and spreadsheets. No torch."""

import csv
import io
from collections.abc import Sequence

from core.data.dataset import Rejected
from core.serving.results import Opinion, top_classes

MOST_COLUMNS = 50  # classes up to which each has a column; beyond, the likeliest five are named


def results_csv(
    names: Sequence[str],
    opinions: Sequence[Opinion],
    truths: Sequence[str | None],
    rejected: Sequence[Rejected] = (),
) -> str:
    """A line a picture: its name, for each model what it takes it for and how sure it is, the true class
    where that is known, then the probability of every class; files that were left out come last.

    Text that a spreadsheet would take for a formula gets a quote before it.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    heads: list[str] = []
    for number, opinion in enumerate(opinions):
        mark = f" ({opinion.name})" if number else ""
        heads += [f"prediction{mark}", f"probability{mark}"]
    detail = _detail_heads(opinions[0])
    writer.writerow(["file", *map(_cell, heads), "true class", *map(_cell, detail), "problem"])
    answers = [(opinion.words, opinion.confidence.tolist()) for opinion in opinions]
    for row, name in enumerate(names):
        said: list[str] = []
        for words, confidence in answers:
            said += [_cell(words[row]), f"{confidence[row]:.6f}"]
        writer.writerow([_cell(name), *said, _cell(truths[row] or ""), *_detail(opinions[0], row), ""])
    for file in rejected:
        blanks = [""] * (len(heads) + 1 + len(detail))
        writer.writerow([_cell(file.name), *blanks, _cell(f"{file.reason} {file.fix}")])
    return table.getvalue()


def _detail_heads(opinion: Opinion) -> list[str]:
    if len(opinion.classes) <= MOST_COLUMNS:
        return [f"p({name})" for name in opinion.classes]
    return [f"{kind} {place}" for place in range(1, 6) for kind in ("class", "p")]


def _detail(opinion: Opinion, row: int) -> list[str]:
    shares = opinion.probabilities[row]
    if len(opinion.classes) <= MOST_COLUMNS:
        return [f"{share:.6f}" for share in shares.tolist()]
    best = top_classes(shares, 5).tolist()
    return [text for k in best for text in (_cell(opinion.classes[k]), f"{shares[k]:.6f}")]


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
