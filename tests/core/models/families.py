"""A model of each family of torchvision's registry, for tests that would take long with all of them."""

import re
from collections.abc import Iterable

from core.models.registry_build import published

FAMILY = re.compile(r"(quantized_)?[a-z]+(_v\d|_[xy])?")  # how the names of its models begin


def smallest_of_each_family(names: Iterable[str]) -> list[str]:
    """Of each family the model with the fewest parameters."""
    smallest: dict[str, str] = {}
    for name in sorted(names, key=lambda name: published(name).parameters):
        smallest.setdefault(FAMILY.match(name).group(), name)
    return list(smallest.values())
