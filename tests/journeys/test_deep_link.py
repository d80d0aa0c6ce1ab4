import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import settle
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def test_the_first_visit_of_a_fresh_server_may_go_to_any_page(fresh_server: Server, page: Page) -> None:
    page.goto(f"{fresh_server.url}/cnn")
    settle(page)
    expect(page.get_by_role("heading", name="Train a CNN", exact=True)).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_text("Page not found")).to_have_count(0)
