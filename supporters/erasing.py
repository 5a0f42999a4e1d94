"""Having one's data erased: a wish, some days in which it may be taken back, and the night in which it is done.

The person leaves at once, so that their places go to others in good time; what is counted stays without a name.
See docs/adr/0035.
"""

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from programme import own_data
from programme.errors import ChangedMeanwhile
from programme.models import Limits, Role, User, records
from supporters.errors import Erased
from supporters.messages import take_erasure_back, tell_erasure
from supporters.models import Assignment, Shift, Supporter
from supporters.own_data import person_of, person_of_account

log = logging.getLogger(__name__)


@transaction.atomic
def ask(supporter: Supporter, *, by: Any) -> dt.date:
    """The person wants their data erased: they leave now, and are told the day, which is returned. Twice is once.

    Raises Erased.
    """
    supporter = _locked(supporter)
    if supporter.erase_on:
        return supporter.erase_on
    if supporter.status != Supporter.Status.WITHDRAWN:
        supporter.withdraw(by=by, reason=gettext("データを消したいとのお申し出"))
    supporter.erase_on = timezone.localdate() + dt.timedelta(days=Limits.current().erasure_days)
    supporter.save()
    tell_erasure(supporter, asked_at=timezone.now())
    return supporter.erase_on


@transaction.atomic
def take_back(supporter: Supporter) -> None:
    """The data stay after all; whoever wants to help again applies again. Twice is once. Raises Erased."""
    supporter = _locked(supporter)
    supporter.erase_on = None
    supporter.save()
    take_erasure_back(supporter)


@transaction.atomic
def erase(supporter: Supporter) -> None:
    """Forget who the person was, for good. Raises Erased."""
    coming = supporter.assignments.filter(status__in=Assignment.LIVE, shift__starts_at__gt=timezone.now())
    # Shifts, then the person, as whoever accepts locks them.
    list(Shift.objects.select_for_update(no_key=True).filter(assignments__in=coming).order_by("pk"))
    supporter = _locked(supporter)
    for assignment in coming.select_related("shift"):
        assignment.give_up()
    own_data.erase(person_of(supporter))
    Supporter.objects.filter(pk=supporter.pk).update(erased_at=timezone.now(), user=None)
    records.forget(supporter, *supporter.consents.all())  # last: erasing was a change, too


@transaction.atomic
def erase_account(user: User) -> None:
    """Forget somebody who signed in and never applied, at once: nobody counts on them, and no figure. Raises
    ChangedMeanwhile when an application has been sent, or the account has work in the office."""
    user = User.objects.select_for_update().get(pk=user.pk)  # a tap on "send" waits here
    if user.role != Role.MEMBER or Supporter.objects.filter(user=user).exists():
        raise ChangedMeanwhile
    with records.acting(lambda: None):  # whoever did it is gone with it
        own_data.erase(person_of_account(user))


def erase_due() -> int:
    """Erase those whose day has come. Returns how many."""
    due = list(Supporter.objects.filter(erase_on__lte=timezone.localdate(), erased_at=None))
    for supporter in due:
        erase(supporter)
        log.info("erased supporter %s", supporter.pk)
    return len(due)


def _locked(supporter: Supporter) -> Supporter:
    row = Supporter.objects.select_for_update(of=("self",), no_key=True).select_related("contact").get(pk=supporter.pk)
    if row.erased_at:
        raise Erased
    return row
