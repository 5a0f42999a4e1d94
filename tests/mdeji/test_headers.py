"""What stands at the head of every response, whatever it carries. The tour in tests/browser meets it in a browser."""

from unittest import mock

import pytest
from django.test import Client

from programme.models import User

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "require-trusted-types-for 'script'",
    "style-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/accounts/signup/", 200, "text/html"),
        ("/office/", 302, "text/html"),
        ("/static/mdeji/page.css", 200, "text/css"),
        ("/api/v1/consultations/", 403, "application/json"),
        ("/no-such-page/", 404, "text/html"),
        ("/", 500, "text/html"),
    ],
)
def test_every_response_says_what_browsers_may_do_with_it(
    client: Client, db: None, path: str, status: int, kind: str
) -> None:
    client.raise_request_exception = False
    with mock.patch("mdeji.views.render", side_effect=RuntimeError):  # the front page fails
        answer = client.get(path)
    answer.close()
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
    forbidden = answer.headers["Permissions-Policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()", "payment=()"} <= set(forbidden)
    assert all(rule.endswith("=()") for rule in forbidden)
    if not path.startswith("/static/"):  # frame-ancestors holds there too; this one is for old browsers
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_nothing_is_open_to_other_origins(client: Client, db: None) -> None:
    answer = client.get("/static/mdeji/page.css")
    answer.close()
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_admin_alone_may_write_html_from_strings(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert set(policy.split("; ")) == POLICY - {"require-trusted-types-for 'script'"}


def test_pages_are_compressed(client: Client, db: None) -> None:
    answer = client.get("/accounts/signup/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.content) < 4000
