"""Pictures of every page, wide and narrow, light and dark, to look at.

    python -m tests.journeys.screenshots FOLDER [WORKSPACE [ADDRESS ...]]

An address is what stands behind the host: datasets?section=Split. Without a workspace, an empty one is shown.
"""

import re
import sys
import tempfile
from pathlib import Path

from tests.journeys.browser import chromium, new_page, visit
from tests.journeys.server import serve

ADDRESSES = (
    "",
    "layer-math",
    "convolution-lab",
    "architecture",
    "challenges",
    "datasets",
    "cnn",
    "cross-validate",
    "runs",
    "predict",
    "export",
)
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


def take(folder: Path, home: Path, addresses: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with serve(home) as server, chromium() as browser:
        for address in addresses:
            for size_name, (width, height) in SIZES.items():
                for dark in (False, True):
                    with new_page(browser, width=width, height=height, dark=dark) as page:
                        visit(page, f"{server.url}/{address}")
                        page.wait_for_timeout(1200)
                        name = re.sub(r"\W+", "-", address) or "start"
                        theme = "dark" if dark else "light"
                        page.screenshot(path=folder / f"{name}-{size_name}-{theme}.png")


if __name__ == "__main__":
    target, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as empty:
        take(Path(target), Path(rest[0]) if rest else Path(empty), rest[1:] or list(ADDRESSES))
