"""What is printed takes one side of A4, in each language."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser.standing import Standing

# Points: what a form for old readers is set in at least.
LARGE = 11

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_the_form_on_paper_is_one_side_of_a4(browser: Browser, standing: Standing, language: str) -> None:
    page = browser.new_page()
    page.goto(f"{standing.address}/requests/paper/?lang={language}")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.emulate_media(media="print")
    pixels = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.sheet')).fontSize)")
    assert pixels / 96 * 72 >= LARGE
    page.close()
