"""The heads of a week's or a month's table on the narrowest phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from tests.browser.standing import Standing
from tests.browser.visitor import NARROWEST

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

# The words of a table's heads that stand on more than one line, or out of their cell.
BROKEN = r"""() => {
    const broken = [];
    for (const head of document.querySelectorAll("table.week th")) {
        const texts = document.createTreeWalker(head, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            for (const word of texts.currentNode.data.matchAll(/[a-z]+/gi)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, word.index);
                range.setEnd(texts.currentNode, word.index + word[0].length);
                const out = range.getBoundingClientRect().right > head.getBoundingClientRect().right;
                if (out || range.getClientRects().length > 1) broken.push(word[0]);
            }
        }
    }
    return broken;
}"""


def test_no_english_word_in_the_heads_is_broken(browser: Browser, standing: Standing) -> None:
    for role, path in (
        ("anonymous", reverse("support_requests:step", args=[standing.begun, "days"])),
        ("supporter", reverse("supporters:free_times")),
    ):
        context = browser.new_context(viewport={"width": NARROWEST, "height": 800})
        context.add_cookies([{"name": "sessionid", "value": standing.sessions[role], "url": standing.address}])
        page = context.new_page()
        page.goto(f"{standing.address}{path}?lang=en")
        assert page.locator("table.week th").count() > 7
        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
        assert page.evaluate(BROKEN) == []
        context.close()
