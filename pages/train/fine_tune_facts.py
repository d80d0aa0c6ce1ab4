"""What a fine-tuning trains of its backbone, and what it saved by running the frozen part once, in words."""

from typing import Any

from pages.shared.facts_list import Fact
from pages.shared.text import count, duration, size


def fine_tune_facts(facts: dict[str, Any]) -> list[Fact]:
    """A line each; none for what the run hasn't told yet."""
    lines: list[Fact] = []
    trainable, parameters = facts.get("trainable"), facts.get("parameters")
    if isinstance(trainable, int) and isinstance(parameters, int):
        names = ", ".join(map(str, facts.get("trained_blocks", ())))
        lines.append(("What trains", f"{trainable:,} of {parameters:,} parameters", names))
    frozen = facts.get("frozen")
    if isinstance(frozen, dict):
        lines.append(_frozen(frozen))
    return lines


def _frozen(frozen: dict[str, Any]) -> Fact:
    if not frozen.get("cached"):
        words = "its outputs have no room on the disk, so it runs anew in every epoch"
        return ("Frozen part", "not kept", words)
    passes, otherwise = int(frozen.get("rows", 0)), int(frozen.get("otherwise", 0))
    seen = "once a picture"
    if (views := int(frozen.get("views", 1))) > 1:
        seen = f"once for each of {views} views a training picture"
    words = (
        f"{count(passes, 'pass', 'passes')} instead of {otherwise:,}: {saved_share(passes, otherwise)}. "
        f"{size(int(frozen.get('bytes', 0)))} on the disk, in {frozen.get('precision')}"
    )
    if computed := int(frozen.get("computed", 0)):
        words += f"; {computed:,} of them computed in {duration(float(frozen.get('seconds', 0)))}"
    else:
        words += "; all of them were there from a run before"
    return ("Frozen part", f"ran {seen}", words)


def saved_share(passes: int, otherwise: int) -> str:
    """How much of the work is left, such as "1/10 of the work"."""
    if passes >= otherwise:
        return "no less work, for there are as many views as epochs"
    return f"1/{otherwise / max(passes, 1):.3g} of the work"
