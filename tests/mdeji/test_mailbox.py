"""The file mailbox: whole or not at all, once for each Message-ID, and legible on /sent/."""

import os
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from notifications import mailbox

BACKEND = "notifications.mailbox.EmailBackend"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MAILBOX_DIR = tmp_path / "mail"
    return tmp_path / "mail"


def mail(message_id: str = "<one@example.jp>", subject: str = "お願い") -> EmailMessage:
    body = "こちらから:\nhttp://localhost:8000/offers/abc/\n<b>"
    message = EmailMessage(subject, body, to=["hanako@example.jp"], headers={"Message-ID": message_id})
    message.attach("invite.ics", "BEGIN:VCALENDAR", "text/calendar")
    return message


def send(*mails: EmailMessage) -> int | None:
    return get_connection(BACKEND).send_messages(list(mails))


def test_the_same_message_written_twice_is_one_file(folder: Path) -> None:
    assert send(mail(), mail()) == 2
    assert len(list(folder.iterdir())) == 1


def test_a_mail_is_found_by_its_message_id() -> None:
    send(mail())
    assert mailbox.find("<one@example.jp>") == mailbox.find("one@example.jp")
    assert mailbox.find("<one@example.jp>") is not None
    assert mailbox.find("<two@example.jp>") is None


def test_ids_that_look_alike_or_lead_elsewhere_get_files_of_their_own(folder: Path) -> None:
    ids = ["<a/b@x>", "<a=2Fb@x>", "<a_b@x>", "<../a@x>", "<..>", "<" + "長" * 100 + "@x>"]
    send(*(mail(message_id) for message_id in ids))
    assert len(list(folder.iterdir())) == len(ids)


def test_a_write_that_breaks_off_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        send(mail())
    assert list(folder.iterdir()) == []


def test_the_newest_mail_comes_first() -> None:
    send(mail("<1@x>", subject="一"))
    send(mail("<2@x>", subject="二"))
    newest = mailbox.find("<2@x>")
    assert newest is not None
    os.utime(newest, (2_000_000_000, 2_000_000_000))
    assert [each.subject for each in mailbox.messages()] == ["二", "一"]
    assert [each.subject for each in mailbox.messages(newest=1)] == ["二"]


def test_the_sent_page_shows_mails_with_links_and_attachments(client: Client, db: None) -> None:
    send(mail())
    assert "お願い" in client.get(reverse("notifications:sent")).content.decode()
    (written,) = mailbox.messages()
    page = client.get(reverse("notifications:sent_mail", args=[written.name])).content.decode()
    assert '<a href="http://localhost:8000/offers/abc/"' in page
    assert "&lt;b&gt;" in page
    download = client.get(reverse("notifications:sent_attachment", args=[written.name, 1]))
    assert b"".join(download.streaming_content) == b"BEGIN:VCALENDAR"  # type: ignore[attr-defined]
    assert "attachment" in download.headers["Content-Disposition"]


def test_a_mail_or_attachment_that_is_not_there_is_404(client: Client, db: None) -> None:
    send(mail())
    (written,) = mailbox.messages()
    assert client.get(reverse("notifications:sent_mail", args=["nothing"])).status_code == 404
    assert client.get(reverse("notifications:sent_attachment", args=[written.name, 2])).status_code == 404
    assert client.get(reverse("notifications:sent_attachment", args=[written.name, 0])).status_code == 404


def test_an_empty_mailbox_says_what_will_be_there(client: Client, db: None) -> None:
    assert "まだメールはありません" in client.get(reverse("notifications:sent")).content.decode()
