"""What is printed takes one side of A4, in each language."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser.standing import Standing

# Points: what a form for old readers is set in at least, by language, and the readings above its words.
LARGE = {"ja": 14, "ja-easy": 12, "en": 12.5}
READING = 7
# Millimetres: the room in which a hand of 80 years writes a line, and two figures of a date.
LINE, DATE = 9.5, (14, 8)
# Points of letters, points of readings, the lowest line to write on, the smallest room for figures.
MEASURES = """() => {
    const points = it => parseFloat(getComputedStyle(it).fontSize) * 72 / 96;
    const all = (them, of) => Array.from(document.querySelectorAll(`.sheet ${them}`), of);
    const box = it => it.getBoundingClientRect();
    const millimetres = pixels => pixels * 25.4 / 96;
    return {
        letters: Math.min(...all("section p, section span", points)),
        readings: Math.min(99, ...all("rt", points)),
        line: millimetres(Math.min(...all(".blank", it => box(it).height))),
        date: [
            millimetres(Math.min(...all("p:not(.boxes) > .write", it => box(it).width))),
            millimetres(Math.min(...all("p:not(.boxes) > .write", it => box(it).height))),
        ],
    };
}"""

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_the_form_on_paper_is_one_side_of_a4_in_large_type_with_room_to_write(
    browser: Browser, standing: Standing, language: str
) -> None:
    page = browser.new_page()
    page.goto(f"{standing.address}/requests/paper/?lang={language}")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.emulate_media(media="print")
    measured = page.evaluate(MEASURES)
    assert measured["letters"] >= LARGE[language]
    assert measured["readings"] >= READING
    assert measured["line"] >= LINE
    assert measured["date"][0] >= DATE[0]
    assert measured["date"][1] >= DATE[1]
    page.close()
