"""What stands at the head of every response, whatever it carries. The tour in tests/browser meets it in a browser."""

from pathlib import Path
from unittest import mock

import pytest
from django.contrib.staticfiles import finders
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
        ("/api/v1/consultations/", 401, "application/json"),
        ("/no-such-page/", 404, "text/html"),
        ("/static/no-such-file.css", 404, "text/html"),
        ("/", 500, "text/html"),
    ],
)
def test_every_page_says_what_browsers_may_do_with_it(
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


@pytest.mark.parametrize(
    ("path", "kind", "policy"),
    [
        ("mdeji/page.css", "text/css", None),
        ("consult/tap/page.js", "text/javascript", None),
        ("mdeji/icon-192.png", "image/png", None),
        # A document when it is opened by itself.
        ("mdeji/mark.svg", "image/svg+xml", "script-src 'none'; frame-ancestors 'none'"),
    ],
)
def test_a_file_is_what_it_says_belongs_to_us_and_bears_nothing_that_only_documents_heed(
    client: Client, db: None, path: str, kind: str, policy: str | None
) -> None:
    answer = client.get(f"/static/{path}")
    answer.close()
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers.get("Content-Security-Policy") == policy
    assert "Permissions-Policy" not in answer.headers


def test_no_file_of_ours_is_a_document_beside_drawings() -> None:
    names = [path for finder in finders.get_finders() for path, _storage in finder.list([])]
    ours = [name for name in names if not name.startswith(("admin/", "rest_framework/"))]
    assert {Path(name).suffix for name in ours} <= {".css", ".js", ".png", ".svg"}


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
