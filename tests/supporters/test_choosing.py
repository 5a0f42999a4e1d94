"""Who may take which place, for lists: the same verdicts as for one person, read in a fixed number of queries."""

import datetime as dt

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from programme.models import District
from supporters import rules
from supporters.choosing import Choice, Tally
from supporters.errors import Away, NotUsuallyFree, TooFar
from supporters.models import Absence, Consent, Shift, Supporter, WeeklyWindow
from tests.factories import ContactFactory, SupporterFactory, a_shift, an_offer

pytestmark = pytest.mark.usefixtures("programme_facts")


def of_age(shift: Shift, years: int, **facts: object) -> Supporter:
    return SupporterFactory.create(birth_date=shift.local_date - relativedelta(years=years), **facts)


def judged(shift: Shift) -> dict[Supporter, Choice]:
    return {one.supporter: one for one in judged_by(Tally(Supporter.objects.order_by("pk"), [shift]), shift)}


def judged_by(tally: Tally, shift: Shift) -> list[Choice]:
    return [tally.choice(one, shift) for one in tally.people]


def test_a_list_gives_everybody_the_verdict_that_they_get_alone() -> None:
    shift, other = a_shift(needed=3), a_shift(hour=11)
    an_offer(shift, of_age(shift, 60)).accept(by=None)
    busy = of_age(shift, 60)
    an_offer(other, busy).accept(by=None)
    for years in (16, 17, 18):
        of_age(shift, years)  # nobody was asked
        for facts in ({}, {"given_at": timezone.now()}, {"given_at": timezone.now(), "revoked_at": timezone.now()}):
            minor = of_age(shift, years, ready=years != 17)
            Consent.objects.create(supporter=minor, guardian=ContactFactory(), **facts)
    SupporterFactory.create(ready=False)
    SupporterFactory.create(status="paused")
    SupporterFactory.create(week_limit=0, month_limit=0)
    together = judged(shift)
    assert len({repr([type(it) for it in one.against]) for one in together.values()}) > 5
    for person, choice in together.items():
        alone = list(rules.refusals(person, shift, rules._known(person, shift)))
        against = [it for it in alone if not isinstance(it, rules.MAY_BE_SET_ASIDE)]
        assert [repr(it) for it in choice.against] == [repr(it) for it in against]
        aside = [it for it in choice.doubts if isinstance(it, rules.MAY_BE_SET_ASIDE)]
        assert [repr(it) for it in aside] == [repr(it) for it in alone if it not in against]


def test_what_people_said_about_their_time_and_ways_is_a_doubt_of_theirs_alone() -> None:
    shift = a_shift(hour=10)
    away, at_night, at_home, elsewhere, here, far = (SupporterFactory.create() for _ in range(6))
    Absence.objects.create(supporter=away, starts_at=shift.starts_at, ends_at=shift.starts_at + dt.timedelta(hours=1))
    Absence.objects.create(supporter=here, starts_at=shift.ends_at, ends_at=shift.ends_at + dt.timedelta(hours=1))
    WeeklyWindow.objects.filter(supporter=at_night, weekday=shift.local_date.weekday()).update(starts=dt.time(18))
    WeeklyWindow.objects.filter(supporter=at_home).delete()
    elsewhere.areas.set(District.objects.exclude(pk=shift.venue.district_id)[:2])
    here.areas.set([shift.venue.district_id, elsewhere.areas.all()[0]])
    Supporter.objects.filter(pk=far.pk).update(travel_limit=0, home_district=elsewhere.areas.all()[0])
    found = {person: [type(it) for it in choice.doubts] for person, choice in judged(shift).items()}
    assert found == {
        away: [Away],
        at_night: [NotUsuallyFree],
        at_home: [NotUsuallyFree],
        elsewhere: [TooFar],
        here: [],
        far: [TooFar],
    }


def test_a_list_knows_of_a_shift_what_the_shift_knows() -> None:
    shift = a_shift(needed=2)
    for status in ("", "accepted", "standing_in_wanted"):
        if status:
            row = an_offer(shift, SupporterFactory.create())
            row.accept(by=None)
            if status == "standing_in_wanted":
                row.want_stand_in(by=None, reason="")
        counted = Shift.objects.with_staffing().get(pk=shift.pk)
        tally = Tally(Supporter.objects.all(), [shift])
        assert tally.is_full(shift) == shift.is_full()
        said = tally.staffing(shift)
        assert {name: said[name] for name in ("held", "leaving", "asked")} == {
            name: getattr(counted, name) for name in ("held", "leaving", "asked")
        }
    third = an_offer(a_shift(days=8), SupporterFactory.create()).supporter
    tally.promise(third, shift)
    assert tally.seats(shift) == -1
    tally.release(third, shift.pk)
    assert tally.seats(shift) == 0


def test_a_list_asks_the_same_for_one_and_for_many() -> None:
    numbers = set()
    for _round in range(3):
        shift = a_shift(needed=2)
        an_offer(shift, of_age(shift, 60)).accept(by=None)
        Consent.objects.create(supporter=of_age(shift, 16), guardian=ContactFactory(), given_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            judged(shift)
        numbers.add(len(queries))
    assert len(numbers) == 1
