"""Sessions (学び合い出張サポート): what a request becomes once a time is fixed, and what was reported of it."""

from collections.abc import Collection, Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from programme.errors import ChangedMeanwhile
from programme.models import Limits, Topic
from programme.models.records import RecordedQuerySet, recorded
from support_requests.errors import AlreadyReported, NobodyAccepted, NotOverYet, TimePassed
from support_requests.messages import knows_booking, knows_time, stop_asking_for_report, tell_booked
from support_requests.models.requests import SupportRequest
from supporters.errors import AdultMissing, ShiftCancelled
from supporters.messages import tell_cancelled
from supporters.models import Assignment, Shift, Supporter
from supporters.owners import Link


class SessionManager(models.Manager["Session"]):
    """Also the owner of session shifts: see supporters/owners.py."""

    reports = True

    @transaction.atomic
    def staffed(self, shift: Shift, *, by: Any) -> None:
        """The team is complete: the booking holds, and the group is told, unless it knows so."""
        session = self.select_related("request").get(shift=shift)
        if session.request.status == SupportRequest.Status.PLANNED:
            session.request._move(SupportRequest.Status.BOOKED, by=by)
            if not knows_booking(session.request, shift):
                tell_booked(session)

    @transaction.atomic
    def unstaffed(self, shift: Shift, *, by: Any, reason: str) -> None:
        """The booking waits for its team again. The group hears nothing that may be mended within the hour."""
        request = self.select_related("request").get(shift=shift).request
        if request.status == SupportRequest.Status.BOOKED:
            request._move(SupportRequest.Status.PLANNED, by=by, reason=reason)

    def links(self, shifts: Collection[Shift]) -> dict[int, list[Link]]:
        """The report page of each booked session that has begun and was not reported yet."""
        booked = self.filter(request__status=SupportRequest.Status.BOOKED, report=None)
        waiting = booked.filter(shift__in=shifts, shift__starts_at__lte=timezone.now())
        return {
            session.shift_id: [Link(gettext("活動を報告する"), reverse("support_requests:report", args=[session.pk]))]
            for session in waiting
        }

    def thanks(self, shifts: Collection[Shift]) -> dict[int, str]:
        """The line that each group wrote after its session."""
        said = self.filter(shift__in=shifts).exclude(feedback=None).exclude(feedback__thanks="")
        return dict(said.values_list("shift_id", "feedback__thanks"))

    def ring(self, shift: Shift) -> Link | None:
        """The group's leader, where the group agreed."""
        willing = self.filter(shift=shift, request__may_be_rung=True).exclude(request__group__contact__phone="")
        session = willing.select_related("request__group__contact").first()
        if session is None:
            return None
        contact = session.request.group.contact
        return Link(gettext("%(name)sさん(代表)に電話する") % {"name": contact.name}, f"tel:{contact.phone_e164}")

    def helped(self, shifts: Collection[Shift]) -> tuple[str, str]:
        """The residents who came, as reported."""
        came = self.filter(shift__in=shifts).aggregate(people=Sum("report__attendees"))["people"] or 0
        return gettext("出張サポートで教わった人"), gettext("%(number)s人") % {"number": came}

    def kept(self, shifts: Collection[Shift]) -> dict[int, list[Supporter]]:
        """Nobody: who goes to a session is found anew each time."""
        return {}


class SessionQuerySet(RecordedQuerySet["Session"]):
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

    def told_to(self, asked: SupportRequest) -> "Session | None":
        """The one whose time the group of ``asked`` knows, with all that its pages and its calendar entry show.

        It was told when the team was complete; a time may have moved since, before the team was complete again.
        """
        found = self.select_related("request", "shift__venue__district", "shift__room")
        session = found.filter(request=asked, shift__cancelled_at=None).first()
        if session is None or asked.status in SupportRequest.FIXED:
            return session
        return session if knows_time(asked, session.shift) else None

    def open_to_all(self) -> Self:
        """Those that anybody may come to: booked, not called off, and published."""
        booked = self.filter(request__status=SupportRequest.Status.BOOKED, shift__cancelled_at=None)
        return booked.exclude(public_title="")


@recorded(leave_out=("request", "shift"), names={"public_since": _("公開した時"), "public_by": _("公開した人")})
class Session(models.Model):
    """One visit to a group. Its time, place and people are its shift's."""

    PURPOSE = "session"

    request = models.OneToOneField(SupportRequest, on_delete=models.PROTECT, related_name="session")
    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="session")
    # What the public reads when anybody may come. Blank: for the group alone.
    public_title = models.CharField(_("催しの名前"), max_length=100, blank=True)
    public_since = models.DateTimeField(null=True, blank=True)
    public_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SessionManager.from_queryset(SessionQuerySet)()

    class Meta:
        verbose_name = _("出張サポート")
        verbose_name_plural = _("出張サポート")
        constraints = [
            models.CheckConstraint(
                name="session_public_is_whole",
                condition=Q(public_title="", public_since=None, public_by=None)
                | ~Q(public_title="") & Q(public_since__isnull=False, public_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.shift)

    @property
    def may_be_judged(self) -> bool:
        """Whether its group may say what it was like: from its end on, unless it is known that nobody came."""
        if self.shift.cancelled_at:
            return False
        if self.request.status == SupportRequest.Status.BOOKED:
            return self.shift.ends_at <= timezone.now()
        return type(self).objects.held().filter(pk=self.pk).exists()

    @transaction.atomic
    def open_to_all(self, *, by: Any, title: str) -> None:
        """Publish the session under ``title``: anybody may come. The group has been asked by whoever does this.

        Raises ChangedMeanwhile unless it is booked, TimePassed once it has begun.
        """
        session = type(self).objects.select_for_update().select_related("request", "shift").get(pk=self.pk)
        if session.request.status != SupportRequest.Status.BOOKED or session.shift.cancelled_at:
            raise ChangedMeanwhile
        if session.shift.starts_at <= timezone.now():
            raise TimePassed
        self.public_title, self.public_since, self.public_by = title.strip(), timezone.now(), by
        self.save(update_fields=["public_title", "public_since", "public_by"])

    def keep_to_group(self) -> None:
        """Publish the session no longer. Saying it twice is saying it once."""
        self.public_title, self.public_since, self.public_by = "", None, None
        self.save(update_fields=["public_title", "public_since", "public_by"])

    @transaction.atomic
    def call_off(self, *, by: Any, reason: str, cause: str) -> None:
        """The session will not be: the team is told and free again. The request's own move is the caller's."""
        stood = self.shift.cancelled_at is None
        for assignment in self.shift.cancel(by=by, reason=reason, cause=cause):
            tell_cancelled(assignment)
        if stood and self.shift.cancelled_at:
            CalledOff.objects.create(
                request=self.request, starts_at=self.shift.starts_at, at=self.shift.cancelled_at, cause=cause
            )

    @transaction.atomic
    def go_with_fewer(self, *, by: Any, reason: str) -> None:
        """Book it with those who have said yes, though more were wanted; ``reason`` stays in the history.

        Who is still being asked may say yes as before; who wants a stand-in need not wait for one. Raises TimePassed,
        ChangedMeanwhile when the session waits for nobody, NobodyAccepted, and AdultMissing when only minors have
        said yes.
        """
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        request = SupportRequest.objects.select_for_update(no_key=True).get(pk=self.request_id)
        leaving = list(shift.assignments.filter(status=Assignment.Status.STANDING_IN_WANTED))
        booked = request.status == SupportRequest.Status.BOOKED
        if shift.cancelled_at or not (request.status == SupportRequest.Status.PLANNED or (booked and leaving)):
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
        for assignment in leaving:
            assignment.take_off(by=by)
        if booked:
            request.moves.create(from_status=request.status, to_status=request.status, by=by, reason=reason)
            return
        request._move(SupportRequest.Status.BOOKED, by=by, reason=reason)
        session = Session.objects.select_related("request", "shift").get(pk=self.pk)
        if not knows_booking(session.request, session.shift):
            tell_booked(session)

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
        went: str = "",
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
            session=self, attendees=attendees, note=note, follow_up=follow_up, went=went, reported_by=by
        )
        report.topics.set(topics)
        were_there = {assignment.pk for assignment in present}
        team = list(shift.assignments.held())
        stop_asking_for_report(team)
        for assignment in team:
            assignment.record_attendance(came=assignment.pk in were_there, by=by)
        return report

    @transaction.atomic
    def correct_report(
        self,
        *,
        by: Any,
        reason: str,
        attendees: int,
        topics: Iterable[Topic],
        present: Iterable[Assignment],
        note: str,
        follow_up: bool,
        went: str,
    ) -> None:
        """Put right what was reported; the request's history says who did it, why, and how many came before and now.

        Raises ChangedMeanwhile before there is a report, ShiftFull or AlreadyBooked as ``record_attendance``.
        """
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        report = Report.objects.select_for_update().filter(session=self).first()
        if report is None:
            raise ChangedMeanwhile
        facts = {"before": report.attendees, "now": attendees, "reason": reason}
        report.attendees, report.note, report.follow_up, report.went = attendees, note, follow_up, went
        report.save()
        report.topics.set(topics)
        were_there = {assignment.pk for assignment in present}
        for row in shift.assignments.filter(status__in=(Assignment.Status.ATTENDED, Assignment.Status.ABSENT)):
            row.record_attendance(came=row.pk in were_there, by=by)
        status = SupportRequest.Status.REPORTED
        said = gettext("報告を直しました(参加 %(before)s人→%(now)s人): %(reason)s") % facts
        self.request.moves.create(from_status=status, to_status=status, by=by, reason=said[:200])


class CalledOff(models.Model):
    """A time at which a session was to be and was called off. It stays when the session gets another time."""

    request = models.ForeignKey(SupportRequest, on_delete=models.CASCADE, related_name="called_off")
    starts_at = models.DateTimeField()
    at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Shift.Cause.choices, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.request} {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"


@recorded(leave_out=("session", "reported_at", "reported_by"), many=("topics",))
class Report(models.Model):
    """What was reported after a session. ``attendees`` are the residents who came (人, 延べ).

    ``went`` is blank in reports of before the question was asked.
    """

    class Went(models.TextChoices):
        WELL = "well", _("うまくいった")
        HARD = "hard", _("うまくいかないことがあった")

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="report")
    attendees = models.PositiveSmallIntegerField(_("参加した人数"))
    topics = models.ManyToManyField(Topic, verbose_name=_("内容"))
    note = models.CharField(_("気づいたこと"), max_length=500, blank=True)
    follow_up = models.BooleanField(_("続きが必要"), default=False)
    went = models.CharField(_("ようす"), max_length=4, choices=Went.choices, blank=True)
    reported_at = models.DateTimeField(default=timezone.now)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("活動の報告")
        verbose_name_plural = _("活動の報告")
        constraints = [
            models.CheckConstraint(name="report_attendees_plausible", condition=Q(attendees__lte=999)),
            models.CheckConstraint(name="report_went_known", condition=Q(went__in=["", "well", "hard"])),
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.attendees}人"
