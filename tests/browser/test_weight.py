"""What a first view costs a phone with little data, measured on the wire with the settings of production."""

import http.client

import pytest
from playwright.sync_api import Browser, Response

from tests.browser.standing import HTTPS, Standing

pytestmark = [pytest.mark.slow, pytest.mark.tour]

AT_MOST = 60_000  # bytes, of head and body of everything that a page loads
ONLY_IN_DEVELOPMENT = {"notifications:sent"}
# Loads all that it needs without the net; test_offline.py weighs it. Its API answers 401 to who is not signed in.
OFFLINE = {"consult:tap"}


def first_view(browser: Browser, address: str) -> list[Response]:
    """All responses of a page that is opened by somebody who was never here."""
    context = browser.new_context(locale="ja-JP", extra_http_headers=HTTPS)
    responses: list[Response] = []
    context.on("response", lambda response: responses.append(response))
    context.new_page().goto(address, wait_until="networkidle")
    return responses


def bytes_of(response: Response) -> int:
    sizes = response.request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


@pytest.mark.browser
def test_the_first_view_of_every_public_page_is_light(production: Standing, browser: Browser) -> None:
    public = {
        name: path for name, path in production.pages("anonymous").items() if name not in ONLY_IN_DEVELOPMENT | OFFLINE
    }
    weights = {}
    for name, path in public.items():
        responses = first_view(browser, production.address + path)
        assert {response.status for response in responses if response.request.redirected_to is None} == {200}
        weights[name] = sum(map(bytes_of, responses))
    assert {name: weight for name, weight in weights.items() if weight > AT_MOST} == {}


@pytest.mark.browser
def test_files_are_named_by_their_content_compressed_and_kept(production: Standing, browser: Browser) -> None:
    files = [answer for answer in first_view(browser, production.address) if "/static/" in answer.url]
    assert files
    for file in files:
        assert "immutable" in file.header_value("Cache-Control"), file.url
        if file.url.endswith((".css", ".js")):
            assert file.header_value("Content-Encoding") in ("gzip", "br"), file.url


def test_https_is_asked_for_and_remembered(production: Standing) -> None:
    web = http.client.HTTPConnection(production.address.removeprefix("http://"), timeout=20)
    web.request("GET", "/")
    answer = web.getresponse()
    answer.read()
    assert (answer.status, answer.headers["Location"]) == (301, production.address.replace("http:", "https:") + "/")
    web.request("GET", "/", headers=HTTPS)
    answer = web.getresponse()
    answer.read()
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    web.close()
