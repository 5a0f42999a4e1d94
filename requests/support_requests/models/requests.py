"""Who asks for a session: groups, their requests, and the times that would suit them."""

import re
import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import addresses
from notifications.models import Contact, Message
from programme.errors import ChangedMeanwhile
from programme.fiscal import fiscal_year
from programme.lifecycle import Move, Stateful
from programme.models import Device, District, Level, Room, Topic, Venue
from programme.models.records import RecordedQuerySet, recorded
from programme.text import ascii_number, search_key
from programme.wording import say_list
from support_requests.errors import RequestClosed, TimePassed
from support_requests.messages import (
    confirm_key,
    knows_time,
    stop_asking_to_confirm,
    tell_closed,
    tell_received,
    tell_reopened,
)
from support_requests.models.series import Series
from supporters.models import Shift, SpecialNeed


@recorded(leave_out=("search_key", "contact", "new_contact"))
class Group(models.Model):
    """A residents' group, a neighbourhood association or a section of the city that asks for sessions."""

    class Kind(models.TextChoices):
        RESIDENTS = "residents", _("住民のグループ")
        ASSOCIATION = "association", _("自治会")
        SECTION = "section", _("市の課・施設")

    name = models.CharField(_("団体名"), max_length=100)
    kind = models.CharField(_("種類"), max_length=20, choices=Kind.choices, default=Kind.RESIDENTS)
    search_key = models.CharField(max_length=110, editable=False, db_index=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="groups", verbose_name=_("地区"))
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="groups")
    # Where the group wants to be reached from now on, as long as nobody has proved it: ``contact`` is used until then.
    new_contact = models.OneToOneField(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("団体")
        verbose_name_plural = _("団体")
        constraints = [
            models.CheckConstraint(
                name="group_kind_known", condition=Q(kind__in=["residents", "association", "section"])
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Folding may lengthen a name: ㍿ becomes 株式会社.
        self.search_key = search_key(self.name)[:110]
        super().save(*args, **kwargs)


class SupportRequestQuerySet(RecordedQuerySet["SupportRequest"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; groups use the private link of their own request."""
        return self if user.is_authenticated and user.is_coordinator else self.none()

    def open(self) -> Self:
        """Those that wait for a time and a team."""
        return self.filter(status=SupportRequest.Status.CONFIRMED)

    def under_way(self) -> Self:
        """Those that are not over yet, whether held or closed."""
        status = SupportRequest.Status
        return self.filter(status__in=[status.RECEIVED, status.CONFIRMED, status.PLANNED, status.BOOKED])

    def not_closed(self) -> Self:
        """Those that were neither taken back nor declined."""
        return self.exclude(status__in=SupportRequest._CLOSED)

    def in_time(self, start: datetime, end: datetime) -> Self:
        """Those whose session is from ``start`` on and before ``end``, or, while none is fixed, may be by a wish."""
        wished = PreferredTime.objects.filter(starts_at__gte=start, starts_at__lt=end)
        waiting = Q(status__in=[SupportRequest.Status.RECEIVED, SupportRequest.Status.CONFIRMED], times__in=wished)
        fixed = Q(session__shift__starts_at__gte=start, session__shift__starts_at__lt=end)
        fixed &= Q(session__shift__cancelled_at=None)
        return self.filter(waiting | fixed).distinct()

    def with_inquiries(self) -> Self:
        """Those whose group waits for the office's word."""
        return self.filter(inquiries__isnull=False, inquiries__settled_at=None).distinct()

    def found_by(self, words: str) -> Self:
        """Those whose group, leader, request number or telephone number contains ``words``, however typed."""
        found = Q(group__search_key__contains=search_key(words)) | Q(group__contact__name__contains=words.strip())
        typed = ascii_number(words)
        if number := re.fullmatch(r"(?:\d{4}-)?(\d{1,9})", typed):
            found |= Q(pk=int(number[1]))
        digits = re.sub(r"\D", "", typed).lstrip("0")
        if len(digits) >= 4:
            found |= Q(group__contact__phone_e164__contains=digits)
        return self.filter(found)


@recorded(
    leave_out=("form_id", "group", "status", "received_at", "taken_by", "series"),
    many=("devices",),
    names={"topics": _("希望の内容"), "times": _("希望の日時")},
)
class SupportRequest(Stateful):
    """A group's wish for a session: how many people, where, about what, and up to three times in order of wish."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("確認待ち")
        CONFIRMED = "confirmed", _("調整中")
        PLANNED = "planned", _("サポーターの返事待ち")
        BOOKED = "booked", _("決定")
        HELD = "held", _("実施済み")
        REPORTED = "reported", _("報告済み")
        WITHDRAWN = "withdrawn", _("取り下げ")
        DECLINED = "declined", _("お断り")

    _CLOSED = {Status.WITHDRAWN, Status.DECLINED}
    # A time and a team were fixed, and the group was told.
    FIXED = {Status.BOOKED, Status.HELD, Status.REPORTED}
    TRANSITIONS = {
        Status.RECEIVED: {Status.CONFIRMED, *_CLOSED},
        Status.CONFIRMED: {Status.PLANNED, *_CLOSED},
        # Back to "confirmed" when the proposed team could not be won.
        Status.PLANNED: {Status.BOOKED, Status.CONFIRMED, *_CLOSED},
        # Back to "planned" when it was moved to a time that somebody of the team cannot take, to "confirmed" when
        # another time is sought.
        # Straight to "reported" when the team was there and nobody came: such a session was not held.
        Status.BOOKED: {Status.HELD, Status.REPORTED, Status.PLANNED, Status.CONFIRMED, *_CLOSED},
        Status.HELD: {Status.REPORTED},
    }

    class Intake(models.TextChoices):
        WEB = "web", _("ウェブ")
        PHONE = "phone", _("電話")
        PAPER = "paper", _("紙")

    # Made with the empty form: sending it twice stores it once.
    form_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="support_requests")
    status = models.CharField(_("状態"), max_length=20, choices=Status.choices, default=Status.RECEIVED)
    intake = models.CharField(_("受付方法"), max_length=10, choices=Intake.choices, default=Intake.WEB)
    received_at = models.DateTimeField(_("受付日時"), default=timezone.now)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    participants = models.PositiveSmallIntegerField(_("参加する人数"))
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="support_requests", verbose_name=_("会場"))
    # Wished; which one it becomes is decided with the time.
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("希望の部屋")
    )
    minutes = models.PositiveSmallIntegerField(_("時間(分)"))
    devices = models.ManyToManyField(Device, blank=True, verbose_name=_("使う機器"))
    needs = models.JSONField(_("必要な配慮"), default=list, blank=True)  # SpecialNeed values
    wheelchair = models.BooleanField(_("車いすの方がいる"), default=False)
    # By the team, on the day itself.
    may_be_rung = models.BooleanField(_("当日、サポーターからの電話"), default=False)
    note = models.CharField(_("伝えたいこと"), max_length=500, blank=True)
    series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="requests")

    objects = SupportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("出張サポートの申込み")
        verbose_name_plural = _("出張サポートの申込み")
        ordering = ["received_at", "pk"]
        # Few are under way: whoever looks for these does not read those of all years.
        indexes = [
            models.Index(
                fields=["status"],
                condition=Q(status__in=["received", "confirmed", "planned", "booked"]),
                name="request_under_way",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="support_request_status_known",
                condition=Q(
                    status__in=[
                        "received",
                        "confirmed",
                        "planned",
                        "booked",
                        "held",
                        "reported",
                        "withdrawn",
                        "declined",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="support_request_intake_known", condition=Q(intake__in=["web", "phone", "paper"])
            ),
            models.CheckConstraint(name="support_request_has_people", condition=Q(participants__gte=1)),
            models.CheckConstraint(name="support_request_has_length", condition=Q(minutes__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.group}"

    @property
    def number(self) -> str:
        """What people say on the telephone: fiscal year and a running number."""
        return f"{fiscal_year(timezone.localdate(self.received_at))}-{self.pk:04}"

    @property
    def title(self) -> str:
        return f"出張サポート {self.group}"

    @property
    def remarks(self) -> str:
        """What the team has to know."""
        return (gettext("車いすの方がいます。") if self.wheelchair else "") + self.note

    @property
    def is_closed(self) -> bool:
        return self.status in self._CLOSED

    @property
    def tone(self) -> str:
        """How its state is marked for the office: a kind of components/status.html."""
        match self.status:
            case self.Status.RECEIVED:
                return "attention"
            case self.Status.CONFIRMED | self.Status.PLANNED:
                return "wait"
        return "over" if self.is_closed else "good"

    @property
    def may_be_withdrawn(self) -> bool:
        return self.Status.WITHDRAWN in self.TRANSITIONS.get(self.Status(self.status), set())

    @property
    def may_be_revised(self) -> bool:
        """Until a plan is carried out, what is asked for may be put right."""
        return self.status in (self.Status.RECEIVED, self.Status.CONFIRMED)

    @property
    def may_be_reopened(self) -> bool:
        return self.status in (self.Status.PLANNED, self.Status.BOOKED)

    @property
    def later_ones(self) -> SupportRequestQuerySet:
        """Those of its series made for the months after this one that can still be taken back; later months last."""
        later = SupportRequest.objects.under_way().filter(series__isnull=False, series=self.series_id, pk__gt=self.pk)
        begun = Q(status=self.Status.BOOKED, session__shift__starts_at__lte=timezone.now())
        return later.exclude(begun).order_by("pk").prefetch_related("times")

    @property
    def goes_on(self) -> bool:
        """Whether the group asks for months after this one, or has asked already."""
        return self.series is not None and (self.series.ended_at is None or self.later_ones.exists())

    def wanted(self) -> dict[str, Any]:
        """What is to be learned, from which level on, and with which devices and helps, in words."""
        topics = list(self.topics.select_related("topic"))
        helps = [*self.devices.all(), *(SpecialNeed(need).label for need in self.needs)]
        if self.wheelchair:
            helps.append(gettext("車いすの方がいます"))
        return {
            "topics": say_list(one.topic for one in topics),
            "level": Level.objects.filter(rank=max((one.level for one in topics), default=0)).first(),
            "helps": say_list(helps),
        }

    def wishes(self) -> list[tuple["PreferredTime", str]]:
        """The times that would suit; while one of them is sought, each with why its venue cannot be used by now."""
        times = list(self.times.all())
        if not times or not self.may_be_revised:
            return [(time, "") for time in times]
        days = [timezone.localdate(time.starts_at) for time in times]
        closed = self.venue.closed_days(min(days), max(days))
        return [
            (time, gettext("会場がお休みの日です。") if day in closed else self._shut(time))
            for time, day in zip(times, days, strict=True)
        ]

    def _shut(self, time: "PreferredTime") -> str:
        is_open = self.venue.open_for(time.starts_at, self.minutes)
        return "" if is_open else gettext("会場が開いている時間の外です。")

    @property
    def waiting_days(self) -> int:
        """Days since it was received."""
        return (timezone.localdate() - timezone.localdate(self.received_at)).days

    # --- Verbs -----------------------------------------------------------------------------------------
    @transaction.atomic
    def confirm(self, *, by: Any) -> None:
        """The contact is proved (by the link, ``by`` None) or known to a coordinator. Twice is once.

        Raises RequestClosed, and TimePassed when the link is used after the last preferred time. A coordinator
        has the group on the telephone, who hears the reply and need not be told it again.
        """
        self._lock()
        if self.is_closed:
            raise RequestClosed(status=self.get_status_display())
        if self.status != self.Status.RECEIVED:
            return
        if by is None:
            if not self.times.filter(starts_at__gt=timezone.now()).exists():
                raise TimePassed
            self._note_proof()
        self._move(self.Status.CONFIRMED, by=by)
        if by is None or self.group.contact.email:
            tell_received(self)
        else:
            stop_asking_to_confirm(self)

    def _note_proof(self) -> None:
        facts = {"kind": "request_confirm", "subject": f"request:{self.pk}"}
        facts["occasion__startswith"] = confirm_key(self)  # it may have been asked again
        addresses.note_opened(Message.objects.filter(recipient=self.group.contact, **facts).first())

    def withdraw(self, *, by: Any, reason: str) -> None:
        """The group takes its request back (申請取消). Raises TimePassed, ChangedMeanwhile."""
        self._close(self.Status.WITHDRAWN, by=by, reason=reason, cause=Shift.Cause.GROUP)

    @transaction.atomic
    def end_series(self, *, by: Any) -> list["SupportRequest"]:
        """No month after this one is asked for; returns the requests of later months, which are taken back.

        Raises as ``withdraw``. Twice is once.
        """
        if self.series is None:
            return []
        self.series.end(by=by)
        later = list(self.later_ones)
        for asked in later:
            asked.withdraw(by=by, reason=gettext("毎月のお申し込みをやめたため"))
        return later

    def decline(self, *, by: Any, reason: str, cause: str = Shift.Cause.OFFICE) -> None:
        """The office cannot serve the request, for a reason that the group is told. Raises as ``withdraw``."""
        self._close(self.Status.DECLINED, by=by, reason=reason, cause=cause)

    @transaction.atomic
    def reopen(self, *, by: Any, reason: str, cause: str = Shift.Cause.OFFICE) -> None:
        """Give up the time and the team; the request waits for a plan again, its history stays.

        For a team that could not be won, and for a time that no longer suits: a group that was told the time is
        told that it holds no more. Raises TimePassed for a booked session that has begun.
        """
        shift = self._lock_shift()
        self._lock()
        was_booked = self.status == self.Status.BOOKED
        if not self.may_be_reopened:
            raise ChangedMeanwhile
        if was_booked and shift and shift.starts_at <= timezone.now():
            raise TimePassed
        self._move(self.Status.CONFIRMED, by=by, reason=reason)
        if shift:
            self.session.call_off(by=by, reason=reason, cause=cause)
        if shift and knows_time(self, shift):
            tell_reopened(self, self.session.shift, reason=reason)

    @transaction.atomic
    def _close(self, to: str, *, by: Any, reason: str, cause: str) -> None:
        shift = self._lock_shift()
        self._lock()
        if self.status == to:
            return
        # A team that was never complete did not meet the group: such a request may be closed at any time.
        if self.status == self.Status.BOOKED and shift and shift.starts_at <= timezone.now():
            raise TimePassed
        if self.series and self.status == self.Status.RECEIVED:  # whoever never proved the contact gets no other month
            self.series.end(by=by)
        self._move(to, by=by, reason=reason)
        if shift:
            self.session.call_off(by=by, reason=reason or str(self.Status(to).label), cause=cause)
        tell_closed(self, reason=reason, told=self.session.shift if shift and knows_time(self, shift) else None)

    def _lock_shift(self) -> Shift | None:
        """The shift that stands, if any. Locked before the request: whoever accepts an offer locks so, too."""
        shifts = Shift.objects.select_for_update(of=("self",), no_key=True)
        return shifts.filter(session__request=self, cancelled_at=None).first()

    def _lock(self) -> None:
        self.refresh_from_db(from_queryset=SupportRequest.objects.select_for_update(no_key=True))


class SupportRequestMove(Move):
    subject = models.ForeignKey(SupportRequest, on_delete=models.CASCADE, related_name="moves")


class RequestTopic(models.Model):
    """What the group wants to learn, and how far (level 1 to 3)."""

    request = models.ForeignKey(SupportRequest, on_delete=models.CASCADE, related_name="topics")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT)
    level = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "topic"], name="request_topic_once"),
            models.CheckConstraint(name="request_topic_level_known", condition=Q(level__range=(1, 3))),
        ]

    def __str__(self) -> str:
        return f"{self.topic} L{self.level}"


class PreferredTime(models.Model):
    """A start that would suit the group; rank 1 suits best."""

    request = models.ForeignKey(SupportRequest, on_delete=models.CASCADE, related_name="times")
    rank = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(_("開始"))

    class Meta:
        ordering = ["rank"]
        indexes = [models.Index(fields=["starts_at"], name="preferred_time_starts_at")]
        constraints = [
            models.UniqueConstraint(fields=["request", "rank"], name="preferred_rank_once"),
            models.UniqueConstraint(fields=["request", "starts_at"], name="preferred_time_once"),
            models.CheckConstraint(name="preferred_rank_known", condition=Q(rank__range=(1, 9))),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"
