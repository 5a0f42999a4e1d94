"""A desk that is open today, people who may log there, and people who may not."""

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from consult.codes import KNOWN
from consult.models import Consultation, Desk, Opening
from programme.models import Outcome, Role, Topic, User
from supporters.models import Supporter
from tests.consult.rows import a_desk, an_opening
from tests.factories import SupporterFactory, UserFactory, an_offer


@pytest.fixture(autouse=True)
def codes_unknown() -> None:
    """No test knows the codes that another one looked up."""
    KNOWN.forget()


@pytest.fixture
def desk(programme_facts: None, desk_account: User) -> Desk:
    desk = a_desk("よろず相談所 上川淵")
    desk.accounts.add(desk_account)
    return desk


@pytest.fixture
def opening(desk: Desk) -> Opening:
    """Today's opening of ``desk``."""
    return an_opening(desk, timezone.localdate())


@pytest.fixture
def other_desk_account(desk: Desk) -> User:
    """The account of another desk."""
    account: User = UserFactory.create(role=Role.DESK)
    a_desk("よろず相談所 大胡").accounts.add(account)
    return account


@pytest.fixture
def on_duty(desk: Desk, opening: Opening) -> User:
    """A supporter with a seat on today's opening."""
    supporter: Supporter = SupporterFactory.create(name="当番")
    offer = an_offer(opening.shift, supporter)
    # Accepting is for shifts to come; this one has been accepted some time ago.
    seat = opening.shift.seats.first()
    type(offer).objects.filter(pk=offer.pk).update(status="accepted", seat=seat)
    offer.moves.create(from_status="offered", to_status="accepted", by=supporter.user)
    assert supporter.user is not None
    return supporter.user


@pytest.fixture
def off_duty(programme_facts: None) -> User:
    """A supporter who has nothing to do with today's opening."""
    supporter: Supporter = SupporterFactory.create(name="非番")
    assert supporter.user is not None
    return supporter.user


@pytest.fixture
def log_case(opening: Opening, desk_account: User) -> Callable[..., Consultation]:
    """``log_case(topic="T05", outcome="solved", …)``: a case at today's opening, logged by the desk's account."""

    def log(topic: str = "T05", outcome: str = "solved", **facts: object) -> Consultation:
        options: dict[str, object] = {"pk": uuid.uuid4(), "opening": opening, "by": desk_account} | facts
        case, _new = Consultation.objects.log(
            topic=Topic.objects.get(pk=topic),
            outcome=Outcome.objects.get(pk=outcome),
            **options,  # type: ignore[arg-type]
        )
        return case

    return log
