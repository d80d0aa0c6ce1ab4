"""Parameters and multiply-accumulates of every model against what torchvision publishes with its weights.

python -m tests.benchmarks.bench_registry
"""

from collections.abc import Iterable
from typing import NamedTuple

from core.models.registry import walk_model
from core.models.registry_build import Published, all_published, model_names
from core.models.walk import Walk


class Comparison(NamedTuple):
    name: str
    published: Published
    found: Walk

    @property
    def agrees(self) -> bool:
        return (
            self.found.problem is None
            and self.found.parameters == self.published.parameters
            and round(self.found.macs / 1e9, 3) == self.published.giga_macs
        )

    def __str__(self) -> str:
        ours = f"{self.found.parameters:,} | {self.found.macs / 1e9:.3f}"
        theirs = f"{self.published.parameters:,} | {self.published.giga_macs:.3f}"
        verdict = "yes" if self.agrees else f"NO {self.found.problem or ''}"
        return f"| {self.name} | {self.published.weights} | {ours} | {theirs} | {verdict} |"


def comparisons(names: Iterable[str]) -> list[Comparison]:
    """One for all weights of each model, at the size that they were made for."""
    return [
        Comparison(name, facts, walk_model(name, (3, *facts.size)))
        for name in names
        for facts in all_published(name)
    ]


def main() -> None:
    rows = comparisons(model_names())
    print("| model | weights | parameters | 10^9 MACs | published parameters | `_ops` | equal |")
    print("|---|---|---|---|---|---|---|", *rows, sep="\n")
    differing = sum(not row.agrees for row in rows)
    print(f"\n{len(rows)} weights of {len(model_names())} models: {differing} differ from ours.")


if __name__ == "__main__":
    main()
