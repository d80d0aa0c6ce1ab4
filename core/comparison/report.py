"""A comparison to take along: a table as CSV, and one HTML file that needs nothing else. No torch."""

import csv
import io
from collections.abc import Sequence
from html import escape

from core.comparison.scores import BINS, Score
from core.comparison.table import ComparisonTable, Row
from core.comparison.verdict import verdict
from core.comparison.words import PART_WORDS, interval_words, p_words, size_words, time_words

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so

SCORE_COLUMNS = ("Run", *(f"{score[:1].upper()}{score[1:]}" for score in Score), "p against the best")
COST_COLUMNS = (
    "Run",
    "Time to train",
    "Time a picture",
    "Trainable",
    "Parameters",
    "On disk",
    "Peak memory",
)

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }}
th, td {{ padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap }}
th:first-child, td:first-child {{ text-align: left }}
.wide {{ overflow-x: auto; margin: 1rem 0 }} small {{ opacity: .75 }}
svg {{ max-width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: currentColor }}
</style></head><body>
"""


def report_csv(table: ComparisonTable) -> str:
    """One line a run; shares from 0 to 1, seconds, bytes. What a run doesn't tell stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    scores = [f"{score}{end}" for score in Score for end in ("", " low", " high")]
    costs = ("seconds to train", "seconds a picture", "trainable", "parameters", "bytes", "peak memory bytes")
    paired = ("only the best right", "only this right", "p (McNemar, Holm)")
    writer.writerow(["run", "id", "part", "pictures", "right", *scores, *costs, *paired])
    for row in table.rows:
        estimates = [row.scores[score] for score in Score]
        against = row.against_best
        writer.writerow(
            [
                _harmless(row.name),
                row.run_id,
                PART_WORDS[table.part],
                table.pictures,
                row.right,
                *(f"{end:.6g}" for each in estimates for end in (each.value, each.low, each.high)),
                row.costs.seconds,
                row.costs.picture_seconds,
                row.costs.trainable,
                row.costs.parameters,
                row.costs.size,
                row.costs.memory,
                *(
                    (against.test.only_first, against.test.only_second, f"{against.p:.6g}")
                    if against
                    else [""] * len(paired)
                ),
            ]
        )
    return text.getvalue()


def report_html(table: ComparisonTable, title: str, charts: Sequence[str] = ()) -> str:
    """The verdict, the table and `charts`, which are SVG; all names are escaped, and nothing is loaded from
    anywhere.
    """
    parts = [
        HEAD.format(title=escape(title)),
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in verdict(table)),
        _table(SCORE_COLUMNS, [score_cells(row) for row in table.rows]),
        _table(COST_COLUMNS, [cost_cells(row) for row in table.rows]),
        f"<p><small>{escape(how_measured(table))}</small></p>",
        *charts,
        f"<p><small>Data set {escape(table.dataset_id)}, split {escape(table.split_id)}.</small></p>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def how_measured(table: ComparisonTable) -> str:
    """What stands behind the numbers, in a few sentences."""
    return (
        f"Brackets: 95 % intervals of the bootstrap over these {table.pictures:,} pictures, the same draws "
        "for all runs. They tell what other pictures would change, not what another training would. "
        f"Macro-F1: the mean of all classes' F1. Calibration error: in {BINS} bins of equal width. "
        "p: exact McNemar test against the best run, with Holm's correction for the number of runs. "
        "Time to train: all epochs with their validation, and before them what a frozen part computed; as "
        "it was on this machine, with whatever else was at work on it."
    )


def score_cells(row: Row) -> list[str]:
    """What stands in `SCORE_COLUMNS`, in words."""
    p = "the best" if row.against_best is None else p_words(row.against_best.p)
    intervals = (interval_words(score, row.scores[score]) for score in Score)
    return [row.name, *intervals, p.removeprefix("p ").removeprefix("= ")]


def cost_cells(row: Row) -> list[str]:
    """What stands in `COST_COLUMNS`, in words; a dash for what the run doesn't tell."""
    costs = row.costs
    return [
        row.name,
        *("–" if value is None else time_words(value) for value in (costs.seconds, costs.picture_seconds)),
        *("–" if value is None else f"{value:,}" for value in (costs.trainable, costs.parameters)),
        *("–" if value is None else size_words(value) for value in (costs.size, costs.memory)),
    ]


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{each}</th>" for each in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name
