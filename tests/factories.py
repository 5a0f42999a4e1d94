"""Rows for tests, with sensible facts where a test does not care. They need the ``programme_facts`` fixture."""

import datetime as dt
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from notifications.models import Contact
from programme.models import Course, District, Topic, User, Venue
from support_requests.models import Group, PreferredTime, RequestTopic, SupportRequest
from supporters.models import Assignment, Registration, Shift, Skill, Supporter, TrainingCompletion, WeeklyWindow


def at(days: int, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A time in Tokyo, ``days`` days from today."""
    day = timezone.localdate() + dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    name = factory.Sequence(lambda n: f"連絡先{n}")
    email = factory.Sequence(lambda n: f"contact{n}@example.jp")


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user{n}@example.jp")


class SupporterFactory(DjangoModelFactory[Supporter]):
    """An active adult who has finished the training, knows T05 (LINE) at level 2 and is free on every day."""

    class Meta:
        model = Supporter
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    contact = factory.SubFactory(ContactFactory)
    name = factory.Sequence(lambda n: f"支援{n}")
    kana = factory.Sequence(lambda n: f"しえん{n}")
    birth_date = dt.date(1960, 5, 1)
    category_id = factory.LazyFunction(lambda: _first_category())
    home_district = factory.LazyFunction(lambda: District.objects.order_by("position")[0])
    status = Supporter.Status.ACTIVE
    is_lead = True

    @factory.post_generation
    def ready(self: Any, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        """``ready=False`` leaves out training, skill, free time and registration."""
        if extracted is False:
            return
        for course in Course.objects.filter(required=True):
            TrainingCompletion.objects.create(supporter=self, course=course, completed_on=timezone.localdate())
        Skill.objects.create(supporter=self, topic_id="T05", level=2)
        Registration.objects.create(supporter=self, started_on=timezone.localdate())
        WeeklyWindow.objects.bulk_create(
            WeeklyWindow(supporter=self, weekday=day, starts=dt.time(8), ends=dt.time(21)) for day in range(7)
        )


def _first_category() -> str:
    from programme.models import Category

    return Category.objects.order_by("position")[0].pk


def a_hall() -> Venue:
    return Venue.objects.filter(kind=Venue.Kind.HALL).order_by("pk")[0]


def a_shift(*, purpose: str = "desk", days: int = 7, hour: int = 10, needed: int = 1, **facts: Any) -> Shift:
    """A two-hour shift at a hall about LINE, ``days`` days from today."""
    facts.setdefault("topics", [(Topic.objects.get(pk="T05"), 1)])
    facts.setdefault("venue", a_hall())
    facts.setdefault("title", "よろず相談所")
    return Shift.plan(purpose=purpose, starts_at=at(days, hour), ends_at=at(days, hour + 2), needed=needed, **facts)


def an_offer(shift: Shift, supporter: Supporter) -> Assignment:
    """An offer to ``supporter``, to be answered by tomorrow."""
    assignment = Assignment.objects.create(shift=shift, supporter=supporter)
    assignment.offer(by=None, answer_by=timezone.now() + dt.timedelta(days=1))
    return assignment


class GroupFactory(DjangoModelFactory[Group]):
    class Meta:
        model = Group

    name = factory.Sequence(lambda n: f"ひまわり会{n}")
    district = factory.LazyFunction(lambda: District.objects.order_by("position")[0])
    contact = factory.SubFactory(ContactFactory)


class SupportRequestFactory(DjangoModelFactory[SupportRequest]):
    """A confirmed request of 5 people about LINE for 90 minutes at a hall, at 10:00 in 14, 15 and 16 days."""

    class Meta:
        model = SupportRequest
        skip_postgeneration_save = True

    group = factory.SubFactory(GroupFactory)
    status = SupportRequest.Status.CONFIRMED
    participants = 5
    venue = factory.LazyFunction(a_hall)
    minutes = 90

    @factory.post_generation
    def wishes(self: Any, create: bool, extracted: list[dt.datetime] | None, **kwargs: Any) -> None:
        for rank, starts_at in enumerate(extracted or [at(14), at(15), at(16)], start=1):
            PreferredTime.objects.create(request=self, rank=rank, starts_at=starts_at)
        RequestTopic.objects.create(request=self, topic_id="T05", level=1)
