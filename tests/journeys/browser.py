"""Headless Chromium, and the few gestures that every journey makes."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # a page finds the app's scripts compiled while another page is open
    # A camera that films a test picture, so that a journey can take a photograph.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
PATIENCE = 30_000  # milliseconds


def find_chromium() -> str | None:
    """The Chromium that this machine has installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(browser: Browser, *, width: int = 1280, height: int = 800, dark: bool = False) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def visit(page: Page, url: str) -> None:
    """Open `url` and wait until its script has run to the end."""
    page.goto(url)
    settle(page)


def settle(page: Page) -> None:
    """Wait until Streamlit has run the script to its end and nothing is left to draw."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def press(page: Page, label: str) -> None:
    """Press the button with exactly this label, and not Streamlit's own Stop, there while a script runs."""
    buttons = page.get_by_role("button", name=re.compile(rf"(^|\s){re.escape(label)}$"))
    buttons.and_(page.locator(":not([data-testid=stHeader] *)")).first.click()


def open_tab(page: Page, label: str) -> None:
    tab = page.get_by_role("tab", name=label, exact=True)
    expect(tab).to_have_count(1)  # while a page is drawn anew, the old one may still stand beside the new
    tab.click()


def give_files(page: Page, files: list[Path] | Path, *, uploader: str) -> None:
    """Hand files, or one whole folder, to the uploader with this label."""
    box = page.get_by_test_id("stFileUploader").filter(has_text=uploader)
    box.locator("input[type=file]").set_input_files(files)
