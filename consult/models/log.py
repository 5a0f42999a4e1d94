"""The log: consultations at desks, and activities that are counted without a request."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consult.errors import (
    ActivityLogged,
    NotYetHeld,
    OnSheet,
    PersonalData,
    ReasonMissing,
    Voided,
)
from consult.models.desks import Desk, Opening
from consult.models.devices import Tablet
from consult.models.intake import Intake, say
from consult.models.ledger import MonthReport
from consult.models.paper import DaySheet
from consult.personal_data import has_personal_data, refuse_personal_data
from programme.fiscal import Month
from programme.models import AgeBand, Device, District, Outcome, Topic, Visit
from programme.models.records import RecordedQuerySet, recorded
from supporters.models import Assignment

COMMON_DAYS = 90
MINUTES_AT_MOST = 600


class ConsultationQuerySet(Intake):
    def counted(self) -> Self:
        """Those that the figures count: not voided."""
        return self.filter(voided_at=None)

    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; a desk's account its desk; supporters what they, or their team of the day, logged."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(desk__accounts=user)
        return self.filter(Q(logged_by=user) | Q(opening__in=Opening.objects.visible_to(user).values("pk")))

    def common_topics(self, count: int) -> list[str]:
        """Codes of the topics logged most at all desks in the last 90 days, the commonest first."""
        since = timezone.localdate() - dt.timedelta(days=COMMON_DAYS)
        topics = self.counted().filter(date__gt=since).order_by().values("topic").annotate(number=Count("pk"))
        return list(topics.order_by("-number", "topic__position").values_list("topic", flat=True)[:count])


def _without(topics: Iterable[Topic], main: Topic) -> list[Topic]:
    return sorted({topic for topic in topics if topic.pk != main.pk}, key=lambda topic: topic.pk)


class Consultation(models.Model):
    """One case at a desk (1 件), however many topics it had. Never deleted: corrected or voided with a reason."""

    class Source(models.TextChoices):
        TAP = "tap", _("画面")
        PAPER = "paper", _("紙")

    # Made on the device: sending a case twice stores it once.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="consultations")
    opening = models.ForeignKey(Opening, null=True, blank=True, on_delete=models.PROTECT, related_name="consultations")
    date = models.DateField(_("相談日"), db_index=True)  # the day of the activity in Tokyo
    happened_at = models.DateTimeField(_("相談の時刻"))  # put right where the device's clock was wrong
    device_time = models.DateTimeField(null=True, blank=True)  # what that clock said at the tap
    sent_at = models.DateTimeField(null=True, blank=True)  # and when it was sent
    logged_at = models.DateTimeField(default=timezone.now)  # by the server's
    # Who logged it: an account, or a hall's tablet, which has none.
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    tablet = models.ForeignKey(Tablet, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    # The person of the team who tapped the own name on a shared tablet.
    on_duty = models.ForeignKey(Assignment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.TAP)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="consultations", verbose_name=_("内容"))
    more_topics = models.ManyToManyField(Topic, blank=True, related_name="+", verbose_name=_("ほかの内容"))
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, verbose_name=_("結果"))
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("機器"))
    age_band = models.ForeignKey(AgeBand, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("年代"))
    visit = models.ForeignKey(Visit, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("来所"))
    minutes = models.PositiveSmallIntegerField(_("かかった時間(分)"), null=True, blank=True)
    follow_up = models.BooleanField(_("続きが必要"), default=False)
    note = models.CharField(_("メモ"), max_length=100, blank=True, validators=[refuse_personal_data])
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    voided_on = models.ForeignKey(Tablet, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    void_reason = models.CharField(_("取り消す理由"), max_length=200, blank=True)
    # What was sent first, as a hash: see ``Intake.log_many``.
    sent_as = models.CharField(max_length=64, blank=True, editable=False)

    # What a correction may change. Another desk or day: make void, log anew.
    CORRECTABLE = ("topic", "outcome", "device", "age_band", "visit", "minutes", "follow_up", "note")

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談")
        verbose_name_plural = _("相談")
        ordering = ["-happened_at"]
        constraints = [
            models.CheckConstraint(
                name="consultation_void_is_whole",
                condition=Q(voided_at=None, voided_by=None, voided_on=None, void_reason="")
                | Q(voided_at__isnull=False)
                & (Q(voided_by__isnull=False) | Q(voided_on__isnull=False))
                & ~Q(void_reason=""),
            ),
            models.CheckConstraint(name="consultation_source_known", condition=Q(source__in=["tap", "paper"])),
            models.CheckConstraint(
                name="consultation_minutes_in_range", condition=Q(minutes=None) | Q(minutes__range=(1, MINUTES_AT_MOST))
            ),
        ]
        indexes = [models.Index(fields=["desk", "date"], name="consultation_desk_date")]

    def __str__(self) -> str:
        return f"{self.date} {self.desk} {self.topic}"

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None

    @property
    def month(self) -> Month:
        return Month.of(self.date)

    @property
    def is_frozen(self) -> bool:
        """Whether the month is closed: what is changed now reaches the figures as a stated correction only."""
        return MonthReport.objects.filter(year=self.date.year, month=self.date.month).exists()

    # --- Verbs -----------------------------------------------------------------------------------------
    def void(self, *, by: Any, reason: str, tablet: Tablet | None = None) -> None:
        """Take the case out of the figures; the row stays. Making void twice keeps the first reason.

        ``by`` is None when a tablet takes back what it has just sent. A day sheet that counted a tapped case gives it
        back from its marks. Once the month is closed its figures stay as they are; the ledger proposes a correction.
        Raises OnSheet, ReasonMissing or PersonalData.
        """
        with transaction.atomic():
            self._hold()
            if self.is_void:
                return
            self._refuse_row_of_sheet()
            _check_reason(reason)
            self.voided_at, self.voided_by, self.voided_on = timezone.now(), by, tablet
            self.void_reason = reason.strip()
            self.save(update_fields=["voided_at", "voided_by", "voided_on", "void_reason"])
            self._tell_sheet(by=by, tablet=tablet, reason=gettext("画面の記録の取り消しとの数合わせ"))

    def correct(self, *, by: Any, reason: str, **changes: Any) -> list["ConsultationChange"]:
        """Change fields (``CORRECTABLE`` and ``more_topics``), and keep each old value with the reason.

        Returns what changed: nothing when every value stands already. In a closed month: as ``void``.
        Raises Voided, OnSheet, ReasonMissing or PersonalData.
        """
        with transaction.atomic():
            self._hold()
            if self.is_void:
                raise Voided
            others = changes.pop("more_topics", None)
            different = {name: value for name, value in changes.items() if getattr(self, name) != value}
            if unknown := different.keys() - set(self.CORRECTABLE):
                raise ValueError(f"not correctable: {sorted(unknown)}")
            told = {name: (say(getattr(self, name)), say(value)) for name, value in different.items()}
            now_others = list(self.more_topics.order_by("pk"))
            new_others = _without(now_others if others is None else others, different.get("topic", self.topic))
            if now_others != new_others:
                told["more_topics"] = (say(now_others), say(new_others))
            if not told:
                return []
            self._refuse_row_of_sheet()
            _check_reason(reason)
            if has_personal_data(different.get("note", "")):
                raise PersonalData
            for name, value in different.items():
                setattr(self, name, value)
            self.save(update_fields=list(different))
            self.more_topics.set(new_others)
            if told.keys() & {"topic", "outcome"}:
                self._tell_sheet(by=by, tablet=None, reason=gettext("画面の記録の訂正との数合わせ"))
            return ConsultationChange.objects.bulk_create(
                ConsultationChange(consultation=self, field=name, old=old, new=new, reason=reason.strip(), by=by)
                for name, (old, new) in told.items()
            )

    def _refuse_row_of_sheet(self) -> None:
        """What stands on a day sheet is put right there: else the sheet and its rows would say different numbers."""
        if self.source == self.Source.PAPER and DaySheet.objects.filter(opening=self.opening_id).exists():
            raise OnSheet

    def _tell_sheet(self, *, by: Any, tablet: Tablet | None, reason: str) -> None:
        from consult.paper import meet_taps

        if self.source == self.Source.TAP and self.opening_id:
            meet_taps(self.opening_id, by=by, tablet=tablet, reason=reason)

    def _hold(self) -> None:
        """Lock the row and see it as it is now: of two people at once, the second sees what the first did."""
        type(self).objects.select_for_update().get(pk=self.pk)
        self.refresh_from_db()


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing
    if has_personal_data(reason):
        raise PersonalData


class ConsultationChange(models.Model):
    """What a correction changed: the old and the new value of one field, with who, when and why."""

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(max_length=30)
    old = models.CharField(max_length=200, blank=True)
    new = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(name="consultation_change_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="consultation_change_changes_something", condition=~Q(old=F("new"))),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"


class ActivityQuerySet(RecordedQuerySet["Activity"]):
    def log(self, *, kind: str, date: dt.date, name: str, district: District, attendees: int, by: Any) -> "Activity":
        """Store an activity once. Raises ActivityLogged for the same kind, date and name, NotYetHeld before its day."""
        if date > timezone.localdate():
            raise NotYetHeld
        try:
            with transaction.atomic():
                return self.create(
                    kind=kind, date=date, name=name, district=district, attendees=attendees, logged_by=by
                )
        except IntegrityError as error:
            if self.filter(kind=kind, date=date, name=name).exists():
                raise ActivityLogged from error
            raise


@recorded(leave_out=("logged_at", "logged_by"), made=True)
class Activity(models.Model):
    """Something held without a request that the figures count: tablet help for an association, a course at a hall."""

    class Kind(models.TextChoices):
        ASSOCIATION_TABLET = "association_tablet", _("自治会タブレット支援")
        HALL_COURSE = "hall_course", _("公民館スマホ講座")
        PREVENTION_COURSE = "prevention_course", _("介護予防サポーター等スマホ講座")

    kind = models.CharField(_("種類"), max_length=30, choices=Kind.choices)
    date = models.DateField(_("実施日"), db_index=True)
    name = models.CharField(_("自治会名・講座名"), max_length=100)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="activities", verbose_name=_("地区"))
    attendees = models.PositiveSmallIntegerField(_("参加した人数"))
    logged_at = models.DateTimeField(default=timezone.now)
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("その他の活動")
        verbose_name_plural = _("その他の活動")
        ordering = ["-date", "pk"]
        constraints = [
            models.CheckConstraint(
                name="activity_kind_known",
                condition=Q(kind__in=["association_tablet", "hall_course", "prevention_course"]),
            ),
            models.UniqueConstraint(fields=["kind", "date", "name"], name="activity_once"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()} {self.name}"
