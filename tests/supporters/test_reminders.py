"""Reminders: each person once, whenever they joined, however often and however late the sweep comes."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import outbox
from notifications.models import Attempt, Channel, Contact, Message
from notifications.writing import Letter, Writer
from programme.models import Limit, User
from supporters.models import Assignment, Consent, Shift, Supporter
from supporters.reminders import remind
from supporters.tasks import remind as remind_task
from tests import factories
from tests.engines import on_postgresql
from tests.factories import ContactFactory, SupporterFactory, an_offer

pytestmark = pytest.mark.usefixtures("programme_facts")

MINUTE = dt.timedelta(minutes=1)
TODAY = timezone.localdate()


def at(days: int, hour: int = 10, minute: int = 0) -> dt.datetime:
    """As in the factories, but from the day on which the tests began: here the clock is set."""
    return timezone.make_aware(dt.datetime.combine(TODAY + dt.timedelta(days=days), dt.time(hour, minute)))


def a_shift(*, days: int, **facts: Any) -> Shift:
    return factories.a_shift(days=days - (timezone.localdate() - TODAY).days, **facts)


def accepted(shift: Shift, supporter: Supporter | None = None, *, told_at: dt.datetime | None = None) -> Assignment:
    """A duty whose confirmation was sent a month ago, unless ``told_at`` says otherwise."""
    assignment = an_offer(shift, supporter or SupporterFactory())
    assignment.accept(by=None)
    confirmation = Message.objects.filter(subject=f"assignment:{assignment.pk}")
    confirmation.update(created_at=told_at or at(-30))
    return assignment


def told(assignment: Assignment) -> list[str]:
    rows = Message.objects.filter(subject=f"assignment:{assignment.pk}").exclude(kind__in=["offer", "accepted"])
    return list(rows.order_by("pk").values_list("kind", flat=True))


def sweep(moment: dt.datetime, set_now: Callable[[dt.datetime], None]) -> int:
    set_now(moment)
    return remind(moment)


def set_limit(code: str, value: int) -> None:
    Limit.objects.filter(code=code).update(value=value)


# --- Duties --------------------------------------------------------------------------------------------
def test_a_duty_is_announced_a_week_before_a_day_before_and_on_its_morning(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=14))
    for days, hour, minute, expected in [
        (13, 8, 59, []),
        (13, 9, 0, ["reminder_week"]),
        (19, 8, 59, ["reminder_week"]),
        (19, 9, 0, ["reminder_week", "reminder_day"]),
        (20, 7, 59, ["reminder_week", "reminder_day"]),
        (20, 8, 0, ["reminder_week", "reminder_day", "reminder_morning"]),
        (20, 14, 0, ["reminder_week", "reminder_day", "reminder_morning"]),
    ]:
        sweep(at(days, hour, minute), set_now)
        assert told(duty) == expected, (days, hour, minute)


def test_sweeping_every_minute_of_a_week_tells_each_once(set_now: Any) -> None:
    accepted(a_shift(days=20, hour=10))
    moment, count = at(12, 8), 0
    while moment < at(20, 12):
        count += sweep(moment, set_now)
        moment += dt.timedelta(minutes=31)
    assert count == 3


def test_a_clock_that_jumps_back_or_forward_sends_none_twice_and_skips_none(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    for moment in [at(13, 9), at(12, 23), at(13, 9), at(19, 9), at(18, 9), at(19, 10), at(20, 9), at(20, 8), at(20, 9)]:
        sweep(moment, set_now)
    assert told(duty) == ["reminder_week", "reminder_day", "reminder_morning"]


@pytest.mark.parametrize(
    ("down_until", "kinds"),
    [
        (at(15, 3), ["reminder_week"]),
        (at(19, 21), ["reminder_day"]),
        (at(20, 9, 59), ["reminder_morning"]),
        (at(20, 10), []),
    ],
)
def test_after_an_outage_the_reminder_that_still_helps_is_sent(
    set_now: Any, down_until: dt.datetime, kinds: list[str]
) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(down_until, set_now)
    assert told(duty) == kinds


def test_who_joins_late_is_reminded_like_the_others_though_not_right_after_the_confirmation(set_now: Any) -> None:
    """The reminder is the person's, not the shift's."""
    shift = a_shift(days=20, hour=10, needed=2)
    accepted(shift)
    sweep(at(13, 9), set_now)
    late = accepted(shift, told_at=at(16, 12))
    sweep(at(17, 11), set_now)
    assert told(late) == []
    sweep(at(17, 13), set_now)
    assert told(late) == ["reminder_week"]
    on_the_eve = accepted(a_shift(days=20, hour=14), told_at=at(19, 18))
    sweep(at(20, 8), set_now)
    assert told(on_the_eve) == ["reminder_morning"]


def test_a_duty_that_moves_is_announced_anew_for_its_new_day(set_now: Any, coordinator: User) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(at(19, 9), set_now)
    set_now(at(19, 10))
    duty.shift.move_to(at(30, 10), at(30, 12), by=coordinator, reason="会場の都合")
    for moment in (at(20, 9), at(23, 9), at(29, 9), at(30, 8)):
        sweep(moment, set_now)
    assert told(duty) == ["reminder_day", "moved", "reminder_week", "reminder_day", "reminder_morning"]


@pytest.mark.parametrize("status", ["offered", "standing_in_wanted", "released", "cancelled", "declined"])
def test_who_is_not_expected_is_not_reminded(set_now: Any, status: str) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    seat = duty.seat if status == "standing_in_wanted" else None
    Assignment.objects.filter(pk=duty.pk).update(status=status, seat=seat)
    for moment in (at(13, 9), at(19, 9), at(20, 8)):
        sweep(moment, set_now)
    assert [kind for kind in told(duty) if kind != "offer_reminder"] == []


def test_what_is_called_off_is_not_announced_and_what_waits_is_taken_back(set_now: Any, coordinator: User) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(at(19, 9), set_now)
    Message.objects.filter(kind="reminder_day").update(state=Message.State.QUEUED)
    duty.shift.cancel(by=coordinator, reason="台風")
    assert Message.objects.get(kind="reminder_day").state == Message.State.CANCELLED
    sweep(at(20, 8), set_now)
    assert told(duty) == ["reminder_day"]


def test_who_says_that_they_cannot_come_is_not_sent_what_waits(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(at(19, 9), set_now)
    Message.objects.filter(kind="reminder_day").update(state=Message.State.QUEUED)
    duty.want_stand_in(by=None)
    assert Message.objects.get(kind="reminder_day").state == Message.State.CANCELLED


def test_who_can_come_after_all_is_reminded_anew_of_what_they_were_not_told(set_now: Any) -> None:
    """Somebody with a landline alone waits for a call; who had been told is not told again."""
    shift = a_shift(days=20, hour=10, needed=2)
    to_ring = accepted(shift, SupporterFactory(contact=ContactFactory(email="", phone="027-224-1111")))
    heard = accepted(shift)
    sweep(at(19, 9), set_now)
    Message.objects.filter(kind="reminder_day", channel="email").update(state="sent", sent_at=at(19, 9))
    for duty in (to_ring, heard):
        duty.want_stand_in(by=None)
        sweep(at(19, 9, 30), set_now)
        duty.accept(by=None)
    for minute in (40, 50):
        sweep(at(19, 9, minute), set_now)
    states = {
        duty: list(Message.objects.filter(kind="reminder_day", subject=f"assignment:{duty.pk}").order_by("pk"))
        for duty in (to_ring, heard)
    }
    assert [(one.state, one.channel) for one in states[to_ring]] == [("cancelled", "phone"), ("queued", "phone")]
    assert [one.state for one in states[heard]] == ["sent"]


def test_what_may_have_arrived_is_not_said_again(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(at(19, 9), set_now)
    message = Message.objects.get(kind="reminder_day")
    Attempt.objects.create(message=message, channel=message.channel, address=message.address)  # on its way
    duty.want_stand_in(by=None)
    duty.accept(by=None)
    sweep(at(19, 10), set_now)
    assert told(duty) == ["reminder_day"]


@contextmanager
def elsewhere(act: Callable[[], object], *, seconds: float = 20) -> Iterator[None]:
    """Another connection does ``act``, and commits when the block ends, or after so many seconds."""
    begun, over = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                act()
                begun.set()
                over.wait(seconds)
        finally:
            begun.set()
            connection.close()

    other = threading.Thread(target=run)
    other.start()
    begun.wait(20)
    try:
        yield
    finally:
        over.set()
        other.join()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_waits_for_a_shift_to_move_does_not_tell_its_old_time(set_now: Any, coordinator: User) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    set_now(at(19, 9))
    move = partial(duty.shift.move_to, at(30, 10), at(30, 12), by=coordinator, reason="会場の都合")
    with elsewhere(move, seconds=1):
        remind_task()
    assert told(duty) == ["moved"]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_who_is_being_changed_in_this_moment_is_told_by_the_next_sweep(set_now: Any) -> None:
    """Without waiting: a sweep that holds a thousand rows keeps nobody from anything."""
    duty, other = accepted(a_shift(days=20, hour=10)), accepted(a_shift(days=20, hour=10))
    set_now(at(19, 9))
    held = Contact.objects.filter(pk=duty.supporter.contact_id).select_for_update()
    with elsewhere(held.get):
        remind_task()
    assert (told(duty), told(other)) == ([], ["reminder_day"])
    remind_task()
    assert told(duty) == ["reminder_day"]


def test_the_morning_s_message_has_address_map_and_a_number_to_tap(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    from programme.models import Programme

    Programme.objects.update(phone="027-000-0000")
    sweep(at(20, 8), set_now)
    body = Message.objects.get(kind="reminder_morning").body
    assert duty.shift.venue.address in body
    assert "https://www.google.com/maps/search/?" in body
    assert "tel:027-000-0000" in body
    assert "/supporters/offer/" in body


def test_the_programme_moves_and_switches_off_the_windows(set_now: Any) -> None:
    set_limit("reminder_week_days", 3)
    set_limit("reminder_day_days", 0)
    set_limit("reminder_minute", 18 * 60)
    duty = accepted(a_shift(days=20, hour=10))
    for moment in (at(13, 9), at(17, 17, 59), at(19, 18)):
        sweep(moment, set_now)
        if moment < at(17, 18):
            assert told(duty) == []
    assert told(duty) == ["reminder_week"]
    set_limit("reminder_morning_minute", 0)
    sweep(at(20, 8), set_now)
    assert told(duty) == ["reminder_week"]


def test_nobody_is_rung_for_a_reminder_except_on_the_eve(set_now: Any) -> None:
    """Somebody with a landline alone is on the coordinator's list once for each duty, not three times."""
    accepted(a_shift(days=20, hour=10), SupporterFactory(contact=ContactFactory(email="", phone="027-224-1111")))
    for moment in (at(13, 9), at(19, 9), at(20, 8)):
        sweep(moment, set_now)
    calls = Message.objects.filter(channel=Channel.PHONE, kind__startswith="reminder").order_by("pk")
    assert list(calls.values_list("kind", "state")) == [
        ("reminder_week", "cancelled"),
        ("reminder_day", "queued"),
        ("reminder_morning", "cancelled"),
    ]


def test_a_reminder_that_comes_too_late_is_not_sent(set_now: Any) -> None:
    duty = accepted(a_shift(days=20, hour=10))
    sweep(at(20, 8), set_now)
    assert Message.objects.get(kind="reminder_morning").expires_at == duty.shift.starts_at


def test_two_sweeps_at_once_tell_each_once(set_now: Any) -> None:
    """Both have looked before either wrote: the second one's messages are those of the first."""
    from unittest import mock

    from notifications import reminding

    duty = accepted(a_shift(days=20, hour=10))
    set_now(at(20, 8))
    first = reminding.tell_all

    def twice(letters: Any, *, again: Any) -> int:
        still = list(again())
        first(letters, again=lambda: still)
        return first(letters, again=lambda: still)

    with mock.patch.object(reminding, "tell_all", twice):
        remind_task()
    assert told(duty) == ["reminder_morning"]


def test_what_changes_while_the_words_are_found_is_heeded(set_now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    duty, other = accepted(a_shift(days=20, hour=10)), accepted(a_shift(days=20, hour=10))
    address, write = other.supporter.contact.email, Writer.write
    set_now(at(19, 12))

    def late(writer: Writer, letter: Letter) -> Message:
        monkeypatch.setattr(Writer, "write", write)
        duty.take_off(by=None)
        outbox.suppress("email", address, "stopped")
        return writer.write(letter)

    monkeypatch.setattr(Writer, "write", late)
    remind_task()
    assert "reminder_day" not in told(duty)
    assert address not in Message.objects.filter(channel="email", kind="reminder_day").values_list("address", flat=True)


def test_a_sweep_takes_the_same_number_of_queries_for_one_and_for_three(set_now: Any) -> None:
    counts = []
    for number in (1, 3):
        for _person in range(number):
            accepted(a_shift(days=20, hour=10))
        set_now(at(19, 9) + number * MINUTE)
        with CaptureQueriesContext(connection) as queries:
            assert remind(timezone.now()) == number
        counts.append(len(queries))
    with CaptureQueriesContext(connection) as queries:
        assert remind(timezone.now()) == 0
    assert counts[0] == counts[1]
    assert len(queries) <= 12


# --- Offers --------------------------------------------------------------------------------------------
def test_who_has_not_answered_is_asked_once_more_before_the_end(set_now: Any) -> None:
    offer = an_offer(a_shift(days=20), SupporterFactory())
    Assignment.objects.filter(pk=offer.pk).update(offered_at=at(1, 9), answer_by=at(3, 9))
    for moment, expected in [
        (at(2, 20, 59), []),
        (at(2, 21), ["offer_reminder"]),
        (at(3, 8), ["offer_reminder"]),
    ]:
        sweep(moment, set_now)
        assert told(offer) == expected
    assert Message.objects.get(kind="offer_reminder").expires_at == at(3, 9)


def test_who_has_just_heard_of_another_time_is_not_asked_once_more_at_once(set_now: Any, coordinator: User) -> None:
    offer = an_offer(a_shift(days=20), SupporterFactory())
    Assignment.objects.filter(pk=offer.pk).update(offered_at=at(1, 9), answer_by=at(3, 9))
    sweep(at(2, 22), set_now)
    offer.shift.move_to(at(21), at(21, 12), by=coordinator, reason="会場の都合")
    Message.objects.filter(kind="moved").update(created_at=at(2, 22))
    assert sweep(at(2, 23), set_now) == 0


@pytest.mark.parametrize("why", ["answered", "just asked", "over", "called off"])
def test_others_are_not_asked_once_more(set_now: Any, why: str) -> None:
    offer = an_offer(a_shift(days=20), SupporterFactory())
    Assignment.objects.filter(pk=offer.pk).update(offered_at=at(1, 9), answer_by=at(3, 9))
    match why:
        case "answered":
            offer.refresh_from_db()
            offer.decline(by=None)
        case "just asked":
            Assignment.objects.filter(pk=offer.pk).update(offered_at=at(2, 21))
        case "over":
            Assignment.objects.filter(pk=offer.pk).update(answer_by=at(2, 21))
        case "called off":
            Shift.objects.filter(pk=offer.shift_id).update(cancelled_at=at(1), cancel_reason="台風")
    assert sweep(at(2, 22), set_now) == 0


# --- Consents ------------------------------------------------------------------------------------------
def a_minor(birth_date: dt.date, **facts: Any) -> Consent:
    supporter = SupporterFactory(name="若手 花", birth_date=birth_date)
    return Consent.objects.create(supporter=supporter, guardian=ContactFactory(name="保護者"), **facts)


def years_before(day: dt.date, years: int) -> dt.date:
    return dt.date(day.year - years, day.month, min(day.day, 28))


def test_a_guardian_who_does_not_answer_is_asked_once_more_after_a_week(set_now: Any) -> None:
    consent = a_minor(years_before(at(0).date(), 16), asked_at=at(0, 10))
    for moment, count in [(at(7, 9), 0), (at(7, 11), 1), (at(8, 11), 1), (at(30, 11), 1)]:
        sweep(moment, set_now)
        assert Message.objects.filter(kind="consent_reminder", recipient=consent.guardian).count() == count


@pytest.mark.parametrize("fact", ["given_at", "revoked_at"])
def test_a_guardian_who_has_answered_is_left_alone(set_now: Any, fact: str) -> None:
    a_minor(years_before(at(0).date(), 16), asked_at=at(0, 10), **{fact: at(1)})
    assert sweep(at(10), set_now) == 0


def test_before_a_consent_runs_out_guardian_and_person_are_told_once(set_now: Any) -> None:
    birthday = at(40).date()
    born = years_before(birthday, 18)
    consent = a_minor(born, given_at=at(0))
    eighteen = consent.supporter.comes_of_age_on(18)
    days = (eighteen - at(0).date()).days
    for ahead, count in [(31, 0), (30, 2), (29, 2), (0, 2), (-1, 2)]:
        sweep(at(days - ahead), set_now)
        assert Message.objects.filter(kind__in=["consent_ending", "of_age"]).count() == count, ahead
    recipients = dict(Message.objects.filter(subject=f"consent:{consent.pk}").values_list("kind", "recipient"))
    assert recipients == {"consent_ending": consent.guardian_id, "of_age": consent.supporter.contact_id}
