import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import settle
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(("address", "title"), [("runs", "Runs"), ("cnn", "Train a CNN")])
def test_the_first_visit_of_a_fresh_server_may_go_to_any_page(
    fresh_server: Server, page: Page, address: str, title: str
) -> None:
    page.goto(f"{fresh_server.url}/{address}")
    settle(page)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_text("Page not found")).to_have_count(0)
