"""The log: consultations at desks, and activities that are counted without a request."""

import re
import uuid
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.errors import PersonalData
from consult.models.desks import Desk, Opening
from programme.models import AgeBand, Device, District, Outcome, Topic, Visit
from programme.text import ascii_number

DIGITS_AT_MOST = 4


def refuse_personal_data(note: str) -> None:
    """ValidationError for a note with a long run of digits or a mail address: no names, no numbers in the log."""
    text = ascii_number(note)
    if "@" in text or re.search(rf"\d(?:[\s()-]?\d){{{DIGITS_AT_MOST},}}", text):
        raise ValidationError(str(PersonalData()), code="personal_data")


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def counted(self) -> Self:
        """Those that the figures count: not voided."""
        return self.filter(voided_at=None)

    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; a desk's account its desk; supporters what they logged themselves."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(desk__accounts=user)
        return self.filter(logged_by=user)


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
    happened_at = models.DateTimeField(_("相談の時刻"))  # by the device's clock
    logged_at = models.DateTimeField(default=timezone.now)  # by the server's
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
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
    void_reason = models.CharField(_("取り消す理由"), max_length=200, blank=True)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談")
        verbose_name_plural = _("相談")
        ordering = ["-happened_at"]
        constraints = [
            models.CheckConstraint(
                name="consultation_void_is_whole",
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""),
            ),
            models.CheckConstraint(name="consultation_source_known", condition=Q(source__in=["tap", "paper"])),
        ]
        indexes = [models.Index(fields=["desk", "date"], name="consultation_desk_date")]

    def __str__(self) -> str:
        return f"{self.date} {self.desk} {self.topic}"


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

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"


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
