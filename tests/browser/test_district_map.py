"""The sketch of the districts is tapped: its names tick the tiles below it."""

import pytest
from playwright.sync_api import Browser, expect

from mdeji.demo import LOGINS
from tests.browser.site import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]


def test_a_district_is_chosen_on_the_map_and_kept(shared_site: Site, browser: Browser) -> None:
    person = Person(browser, shared_site, LOGINS["サポーター"])
    person.sign_in()
    person.open("/supporters/limits/")
    name = person.page.locator("[data-districts] text", has_text="芳賀")
    tile = person.page.get_by_label("芳賀")
    name.click()
    expect(tile).to_be_checked()
    name.click()
    expect(tile).not_to_be_checked()
    name.click()
    person.press("保存する")
    person.open("/supporters/limits/")
    expect(person.page.locator("[data-districts] .chosen")).to_have_text(["芳賀"])
