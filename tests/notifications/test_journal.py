"""What a killed worker had begun and heard, its journal tells: the others wait again, and no answer is lost."""

import datetime as dt
import errno
import os
import resource
import signal
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.utils import timezone
from pytest_django import Settings

from notifications import delivery, journal
from notifications.channels import Outcome, Receipt
from notifications.models import Attempt, Channel, Message
from tests.notifications.conftest import a_message

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not journal.BOOT, reason="no journal on this system")]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "outbox"


def an_attempt(**facts: object) -> Attempt:
    """Noted by a process that died just now."""
    message = a_message(Channel.EMAIL, state="sending", claimed_at=timezone.now(), **facts)
    return Attempt.objects.create(message=message, channel=message.channel, address=message.address)


def killed(*, never: Attempt, begun: Attempt, answered: Attempt) -> None:
    """A process that notes three, begins two, hears of one, and is killed with -9."""
    child = os.fork()
    if child == 0:
        with journal.writing() as book:
            book.noted([never, begun, answered])
            for attempt in (begun, answered):
                book.begun(attempt)
            book.answered(answered, Receipt(Outcome.SENT, "queued", provider_id="SM1"))
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def after_the_lease() -> None:
    since = timezone.now() - project_settings.OUTBOX_LEASE - dt.timedelta(seconds=1)
    Message.objects.filter(state="sending").update(claimed_at=since)
    Attempt.objects.filter(ended_at=None).update(started_at=since)


def test_what_was_never_begun_is_sent_what_was_answered_is_noted_the_rest_is_unknown(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # which cannot be asked
    monkeypatch.setattr("notifications.channels.email.send", lambda _message: Receipt(Outcome.SENT, "now"))
    never, begun, answered = (an_attempt(subject=f"x:{number}") for number in range(3))
    killed(never=never, begun=begun, answered=answered)
    after_the_lease()
    delivery.sweep()
    told = {row.message_id: (row.message.state, row.answer) for row in Attempt.objects.select_related("message")}
    assert told.pop(never.message_id) == ("sent", "now")
    assert told.pop(answered.message_id) == ("sent", "queued")
    assert told.pop(begun.message_id)[0] == "unknown"
    assert Attempt.objects.get(pk=answered.pk).provider_id == "SM1"
    assert list(folder.iterdir()) == []


def test_the_journal_of_a_process_that_lives_is_its_own() -> None:
    attempt = an_attempt()
    with journal.writing() as book:
        book.noted([attempt])
        assert list(journal.left_behind()) == []


def test_a_journal_of_another_database_says_nothing_about_this_one() -> None:
    attempt = an_attempt()
    killed(never=attempt, begun=an_attempt(subject="x:2"), answered=an_attempt(subject="x:3"))
    other = a_message(Channel.EMAIL, subject="x:4", state="sending", claimed_at=timezone.now())
    Attempt.objects.filter(pk=attempt.pk).update(message=other)
    delivery.sweep()
    assert Attempt.objects.filter(pk=attempt.pk, ended_at=None).exists()


def test_what_was_written_before_the_machine_started_anew_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    never = an_attempt()
    killed(never=never, begun=an_attempt(subject="x:2"), answered=an_attempt(subject="x:3"))
    monkeypatch.setattr(journal, "BOOT", "another")
    assert list(journal.left_behind()) == []


def test_after_half_a_line_nothing_counts_as_never_begun(folder: Path) -> None:
    folder.mkdir()
    answer = b'["answered", "1 a", {"outcome": "sent", "answer": "", "provider_id": "SM1"}]'
    (folder / f"{journal.BOOT}.x").write_bytes(
        b'["noted", "1 a", "2 b", "3 c"]\n["begun", "1 a"]\n["begun", "2' + answer + b"\n" + answer + b'\n["beg'
    )
    [left] = journal.left_behind()
    assert (left.never_begun, list(left.answered)) == (set(), ["1 a"])


def test_what_begins_on_a_full_disk_is_not_taken_for_never_begun(folder: Path) -> None:
    attempt = an_attempt()
    child = os.fork()
    if child == 0:
        with journal.writing() as book:
            book.noted([attempt])
            size = next(folder.iterdir()).stat().st_size + 20
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            book.begun(attempt)
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert list(journal.left_behind()) == []


@pytest.mark.parametrize("fault", ["write", "open"])
def test_without_a_journal_messages_leave_all_the_same(
    monkeypatch: pytest.MonkeyPatch, folder: Path, fault: str
) -> None:
    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    messages = [a_message(Channel.EMAIL, subject=f"x:{number}") for number in range(3)]
    monkeypatch.setattr("notifications.channels.email.send", lambda _message: Receipt(Outcome.SENT, ""))
    if fault == "write":
        monkeypatch.setattr(journal.os, "write", full)
    else:
        folder.write_text("not a folder")
    delivery.deliver_due()
    assert Message.objects.filter(state="sent").count() == len(messages)


def test_processes_that_start_at_once_have_a_journal_each(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(journal.Path, "rename", lambda *_args: None)
    with journal.writing(), journal.writing():
        assert len(list(folder.iterdir())) == 2


def test_a_fault_of_ours_begins_nothing_more_and_leaves_the_journal(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, folder: Path
) -> None:
    settings.OUTBOX_AT_ONCE = 1
    for number in range(3):
        a_message(Channel.EMAIL, subject=f"x:{number}")

    def settle(*_answered: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(delivery, "settle", settle)
    with pytest.raises(RuntimeError):
        delivery.deliver_due()
    assert len(list(folder.iterdir())) == 1
    monkeypatch.undo()
    settings.VAR_DIR = folder.parent
    delivery.sweep()
    assert not Attempt.objects.filter(ended_at=None).exists()
