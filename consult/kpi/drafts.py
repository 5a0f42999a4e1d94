"""The draft of a month that has just ended: its figures, what is still to be done, and word to the coordinators."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.kpi.report import report
from consult.models import MonthDraft, MonthReport, Opening, ProposedCorrection
from notifications import links
from notifications.models import Contact, Message
from notifications.outbox import tell
from programme.fiscal import Month, span
from programme.models import Role, User
from support_requests.models import Session, SupportRequest


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something to settle before a month is closed: how many, and the page on which it is done."""

    code: str
    words: str
    count: int
    page: str


def open_points(month: Month) -> list[OpenPoint]:
    """What is still to be done for ``month``; the kinds of which there is something. One query for each kind."""
    return [point for point in _points(month) if point.count]


def _points(month: Month) -> Iterator[OpenPoint]:
    starts, ends = span(month.first, month.last)
    unreported = Session.objects.filter(
        shift__starts_at__gte=starts,
        shift__starts_at__lt=ends,
        shift__cancelled_at=None,
        request__status=SupportRequest.Status.BOOKED,
        report=None,
    )
    yield OpenPoint(
        "reports",
        _("報告がまだの出張サポート"),
        unreported.count(),
        reverse("support_requests:list") + "?status=booked",
    )
    empty = Opening.objects.standing().filter(date__range=(month.first, month.last), consultations=None)
    yield OpenPoint("openings", _("相談の記録が1件もない開設日"), empty.count(), reverse("consult:openings"))
    unsent = Message.objects.needs_a_person()
    yield OpenPoint("messages", _("伝わっていない連絡"), unsent.count(), reverse("messages:list"))
    earlier = ProposedCorrection.objects.waiting()
    yield OpenPoint("proposals", _("前の月の、確認待ちの訂正"), earlier.count(), reverse("kpi:proposals"))


def draft_last_month() -> MonthDraft | None:
    """Draft the month that ended last and tell every coordinator, once; None when it is drafted or closed already."""
    month = Month.of(timezone.localdate()).previous
    key = {"year": month.year, "month": month.month}
    if MonthDraft.objects.filter(**key).exists() or MonthReport.objects.filter(**key).exists():
        return None
    figures = {row.definition.code: row.value for row in report(month, with_cells=False, anew=True).rows}
    points = open_points(month)
    with transaction.atomic():
        try:
            with transaction.atomic():
                draft = MonthDraft.objects.create(
                    **key, figures=figures, open_points={point.code: point.count for point in points}
                )
        except IntegrityError:  # another worker was quicker, and has told them
            return None
        for user in User.objects.filter(role=Role.COORDINATOR, is_active=True):
            _tell(user, month, points)
    return draft


def _tell(user: User, month: Month, points: list[OpenPoint]) -> None:
    known = Contact.objects.filter(email__iexact=user.email).order_by("pk").first()
    tell(
        known or Contact.objects.create(name=str(user), email=user.email or "", phone=user.mobile or ""),
        kind="month_draft",
        subject=f"month:{month}",
        template="consult/messages/month_draft.txt",
        context={"month": month, "points": points, "url": links.absolute(reverse("kpi:month", args=[month]))},
    )
