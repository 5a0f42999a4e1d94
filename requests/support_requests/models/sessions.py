"""Sessions (学び合い出張サポート): what a request becomes once a time is fixed, and what was reported of it."""

from collections.abc import Collection, Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from programme.errors import ChangedMeanwhile
from programme.models import Limits, Topic
from support_requests.errors import AlreadyReported, NobodyAccepted, NotOverYet, TimePassed
from support_requests.messages import tell_booked
from support_requests.models.requests import SupportRequest
from supporters.errors import AdultMissing, ShiftCancelled
from supporters.messages import tell_cancelled
from supporters.models import Assignment, Shift
from supporters.owners import Link


class SessionManager(models.Manager["Session"]):
    """Also the owner of session shifts: see supporters/owners.py."""

    @transaction.atomic
    def staffed(self, shift: Shift, *, by: Any) -> None:
        """The team is complete: the booking holds, and the group is told."""
        session = self.select_related("request").get(shift=shift)
        if session.request.status == SupportRequest.Status.PLANNED:
            session.request._move(SupportRequest.Status.BOOKED, by=by)
            tell_booked(session)

    def links(self, shifts: Collection[Shift]) -> dict[int, list[Link]]:
        """The report page of each booked session that has begun and was not reported yet."""
        booked = self.filter(request__status=SupportRequest.Status.BOOKED, report=None)
        waiting = booked.filter(shift__in=shifts, shift__starts_at__lte=timezone.now())
        return {
            session.shift_id: [Link(gettext("活動を報告する"), reverse("support_requests:report", args=[session.pk]))]
            for session in waiting
        }


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; supporters those on which they have a seat."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        return self.filter(shift__assignments__supporter__user=user, shift__assignments__status__in=Assignment.HELD)

    def held(self) -> Self:
        """Those that count as a 派遣: reported, with somebody there. A cancelled one or one without anybody is none."""
        return self.filter(report__attendees__gt=0)


class Session(models.Model):
    """One visit to a group. Its time, place and people are its shift's."""

    PURPOSE = "session"

    request = models.OneToOneField(SupportRequest, on_delete=models.PROTECT, related_name="session")
    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="session")

    objects = SessionManager.from_queryset(SessionQuerySet)()

    class Meta:
        verbose_name = _("出張サポート")
        verbose_name_plural = _("出張サポート")

    def __str__(self) -> str:
        return str(self.shift)

    @transaction.atomic
    def call_off(self, *, by: Any, reason: str) -> None:
        """The session will not be: the team is told and free again. The request's own move is the caller's."""
        for assignment in self.shift.cancel(by=by, reason=reason):
            tell_cancelled(assignment)

    @transaction.atomic
    def go_with_fewer(self, *, by: Any, reason: str) -> None:
        """Book it with those who have said yes, though more were wanted; ``reason`` stays in the history.

        Who is still being asked may say yes as before. Raises TimePassed, ChangedMeanwhile when the request no
        longer waits for its team, NobodyAccepted, and AdultMissing when only minors have said yes.
        """
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        request = SupportRequest.objects.select_for_update(no_key=True).get(pk=self.request_id)
        if request.status != SupportRequest.Status.PLANNED or shift.cancelled_at:
            raise ChangedMeanwhile
        if shift.starts_at <= timezone.now():
            raise TimePassed
        accepted = shift.assignments.filter(status=Assignment.Status.ACCEPTED).select_related("supporter")
        team = [assignment.supporter for assignment in accepted]
        if not team:
            raise NobodyAccepted
        adult_age = Limits.current().adult_age
        if all(one.is_minor_on(shift.local_date, adult_age) for one in team):
            raise AdultMissing
        Shift.objects.filter(pk=shift.pk).update(needed=len(team))
        request._move(SupportRequest.Status.BOOKED, by=by, reason=reason)
        tell_booked(Session.objects.select_related("request", "shift").get(pk=self.pk))

    @transaction.atomic
    def record_report(
        self,
        *,
        by: Any,
        attendees: int,
        topics: Iterable[Topic],
        present: Iterable[Assignment],
        note: str = "",
        follow_up: bool = False,
    ) -> "Report":
        """Note what was: how many came, what was learnt, and who of the team was there.

        Raises NotOverYet before the start, AlreadyReported the second time, ShiftCancelled, and ChangedMeanwhile
        when the team was never complete. Without attendees the request is reported, but never was held.
        """
        # The shift before the request, as whoever accepts an offer locks them.
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        request = SupportRequest.objects.select_for_update(no_key=True).get(pk=self.request_id)
        if shift.cancelled_at:
            raise ShiftCancelled
        if timezone.now() < shift.starts_at:
            raise NotOverYet
        if Report.objects.filter(session=self).exists():
            raise AlreadyReported
        if attendees:
            request._move(SupportRequest.Status.HELD, by=by)
        request._move(SupportRequest.Status.REPORTED, by=by)
        report = Report.objects.create(
            session=self, attendees=attendees, note=note, follow_up=follow_up, reported_by=by
        )
        report.topics.set(topics)
        were_there = {assignment.pk for assignment in present}
        for assignment in shift.assignments.held():
            assignment.record_attendance(came=assignment.pk in were_there, by=by)
        return report


class Report(models.Model):
    """What was reported after a session. ``attendees`` are the residents who came (人, 延べ)."""

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="report")
    attendees = models.PositiveSmallIntegerField(_("参加した人数"))
    topics = models.ManyToManyField(Topic, verbose_name=_("内容"))
    note = models.CharField(_("気づいたこと"), max_length=500, blank=True)
    follow_up = models.BooleanField(_("続きが必要"), default=False)
    reported_at = models.DateTimeField(default=timezone.now)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("活動の報告")
        verbose_name_plural = _("活動の報告")
        constraints = [models.CheckConstraint(name="report_attendees_plausible", condition=Q(attendees__lte=999))]

    def __str__(self) -> str:
        return f"{self.session} {self.attendees}人"
