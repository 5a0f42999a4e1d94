"""Signed links for people without an account."""

import datetime as dt

import pytest
from django.core import signing

from notifications import links


def test_a_link_gives_its_key_back() -> None:
    assert links.read("offer", links.token("offer", 12)) == "12"


def test_a_link_serves_one_purpose() -> None:
    with pytest.raises(links.BadLink):
        links.read("consent", links.token("offer", 12))


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: "9" + t, lambda t: "", lambda t: "...", lambda t: t + "x"]
)
def test_an_altered_link_is_told_so(change: "object") -> None:
    with pytest.raises(links.BadLink, match="リンク"):
        links.read("offer", change(links.token("offer", 12)))  # type: ignore[operator]


def test_an_old_link_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    text = links.token("offer", 12)
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 3601)
    with pytest.raises(links.ExpiredLink, match="期限"):
        links.read("offer", text, max_age=dt.timedelta(hours=1))
