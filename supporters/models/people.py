"""Supporters: who they are, what they can do, when they are free, and what lets them go out."""

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact
from programme.fiscal import span, start_of
from programme.lifecycle import Move, Stateful
from programme.models import Category, Course, District, Limits, Topic
from programme.models.kept import kept_rows
from programme.models.records import RecordedQuerySet, recorded
from programme.text import search_key
from programme.widgets import WEEKDAYS as WEEKDAY_NAMES
from programme.wording import say_day, say_moment, say_span
from supporters.errors import ConsentMissing, ConsentRevoked, Erased, MayBeKnown, TrainingMissing
from supporters.messages import (
    stop_asking_consent,
    take_erasure_back,
    tell_activated,
    tell_applied,
    tell_consent_revoked,
)

WEEKDAYS = list(enumerate(WEEKDAY_NAMES))


class SpecialNeed(models.TextChoices):
    """What some groups need one helper to bring."""

    SIGN = "sign", _("手話")
    PORTUGUESE = "pt", _("ポルトガル語")
    ENGLISH = "en", _("英語")
    WOMAN = "woman", _("女性のサポーター")


class TravelBy(models.TextChoices):
    """How somebody comes to a place."""

    CAR = "car", _("車")
    BICYCLE = "bicycle", _("自転車・バイク")
    TRANSIT = "transit", _("バス・電車")
    FOOT = "foot", _("歩き")


class SupporterQuerySet(RecordedQuerySet["Supporter"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see everybody, others themselves."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_coordinator else self.filter(user=user)

    def active(self) -> Self:
        return self.filter(status=Supporter.Status.ACTIVE)

    def trained(self) -> Self:
        """Those who have finished every required course."""
        missing = Course.objects.filter(required=True).exclude(completions__supporter=models.OuterRef("pk"))
        return self.exclude(models.Exists(missing))

    def found_by(self, words: str) -> Self:
        """Those whose name or kana contains ``words``, however they are typed."""
        return self.filter(search_key__contains=search_key(words))


@recorded(
    leave_out=("user", "contact", "search_key", "kana_key", "status", "applied_at", "erase_on", "erased_at"),
    many=("areas",),
    names={"skills": _("教えられること"), "windows": _("活動できる曜日と時間"), "standing": _("固定の担当")},
    personal=True,
)
class Supporter(Stateful):
    class Status(models.TextChoices):
        APPLIED = "applied", _("申込み")
        TRAINING = "training", _("研修中")
        ACTIVE = "active", _("活動中")
        PAUSED = "paused", _("休止中")
        WITHDRAWN = "withdrawn", _("退会")

    TRANSITIONS = {
        Status.APPLIED: {Status.TRAINING, Status.WITHDRAWN},
        Status.TRAINING: {Status.ACTIVE, Status.WITHDRAWN},
        Status.ACTIVE: {Status.PAUSED, Status.WITHDRAWN},
        Status.PAUSED: {Status.ACTIVE, Status.WITHDRAWN},
        Status.WITHDRAWN: {Status.APPLIED},
    }

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="supporter"
    )
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="supporters")
    name = models.CharField(_("名前"), max_length=100)  # exactly as typed, never normalised
    kana = models.CharField(_("ふりがな"), max_length=100)
    search_key = models.CharField(max_length=220, editable=False, db_index=True)
    kana_key = models.CharField(max_length=110, default="", editable=False, db_index=True)
    birth_date = models.DateField(_("生年月日"))
    category = models.ForeignKey(Category, on_delete=models.PROTECT, verbose_name=_("区分"))
    home_district = models.ForeignKey(
        District, on_delete=models.PROTECT, related_name="residents", verbose_name=_("お住まいの地区")
    )
    postcode = models.CharField(_("郵便番号"), max_length=7, blank=True)  # seven digits, without a hyphen
    address = models.CharField(_("住所"), max_length=200, blank=True)
    travel_by = models.CharField(_("移動のしかた"), max_length=10, choices=TravelBy.choices, blank=True)
    # Empty: anywhere within reach.
    areas = models.ManyToManyField(District, blank=True, related_name="supporters", verbose_name=_("活動できる地区"))
    status = models.CharField(_("状態"), max_length=20, choices=Status.choices, default=Status.APPLIED)
    applied_at = models.DateTimeField(default=timezone.now)
    may_be_paid = models.BooleanField(_("謝礼の対象"), default=True)
    is_lead = models.BooleanField(_("リーダーができる"), default=False)
    is_promoter = models.BooleanField(_("デジタル推進委員"), default=False)
    is_community = models.BooleanField(_("地域密着型"), default=False)
    brings = models.JSONField(_("できる配慮"), default=list, blank=True)  # SpecialNeed values
    week_limit = models.PositiveSmallIntegerField(_("1週間の上限(回)"), default=2)
    month_limit = models.PositiveSmallIntegerField(_("1か月の上限(回)"), default=6)
    travel_limit = models.PositiveSmallIntegerField(_("自宅からの移動の上限(分)"), default=40)
    # The day on which the person's data go, by their own wish; and when they went. See supporters/erasing.py.
    erase_on = models.DateField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SupporterQuerySet.as_manager()

    class Meta:
        verbose_name = _("サポーター")
        verbose_name_plural = _("サポーター")
        ordering = ["kana", "pk"]
        # Lists show a page of all by name.
        indexes = [models.Index(fields=["kana", "id"], name="supporter_by_name")]
        constraints = [
            models.CheckConstraint(
                name="supporter_status_known",
                condition=Q(status__in=["applied", "training", "active", "paused", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="supporter_erased_after_leaving",
                condition=Q(erase_on=None, erased_at=None)
                | Q(erase_on__isnull=False, erased_at=None, status="withdrawn")
                | Q(erase_on__isnull=False, erased_at__isnull=False, status="withdrawn", user=None),
            ),
            models.CheckConstraint(
                name="supporter_travel_known", condition=Q(travel_by__in=["", "car", "bicycle", "transit", "foot"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """By which the person is found and compared: for rows that ``save`` does not write."""
        self.search_key, self.kana_key = search_key(self.name + self.kana), search_key(self.kana)

    # --- Facts -----------------------------------------------------------------------------------------
    def age_on(self, day: dt.date) -> int:
        """Full years on ``day``."""
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def is_minor_on(self, day: dt.date, adult_age: int = 18) -> bool:
        """By birth date on the day of the activity; 18 is adult. Source: Civil Code, art. 4."""
        return self.age_on(day) < adult_age

    def needs_consent(self) -> bool:
        """Whether the person is under age today, so that a guardian has to agree."""
        return self.is_minor_on(timezone.localdate(), Limits.current().adult_age)

    def comes_of_age_on(self, adult_age: int = 18) -> dt.date:
        """The first day on which ``is_minor_on`` is no longer true."""
        born = self.birth_date
        try:
            return born.replace(year=born.year + adult_age)
        except ValueError:  # born on 29 February: 1 March in a year without one
            return dt.date(born.year + adult_age, 3, 1)

    def has_consent(self) -> bool:
        """Whether a guardian's consent was given and stands."""
        return any(consent.is_valid for consent in self.consents.all())

    def missing_courses(self) -> list[Course]:
        """Required courses not yet finished."""
        done = {completion.course_id for completion in self.completions.all()}
        return [course for course in kept_rows(Course.objects.filter(required=True)) if course.code not in done]

    @property
    def brought(self) -> list[str]:
        """What of ``SpecialNeed`` the person brings, in words."""
        return [str(need.label) for need in SpecialNeed if need in self.brings]

    # --- Verbs -----------------------------------------------------------------------------------------
    @transaction.atomic
    def accept_application(self, *, by: Any) -> None:
        """Take the person in: from today they are registered (登録), and training begins.

        Raises MayBeKnown while nobody has said whether the person is one whom we know.
        """
        from supporters.merging import look_alikes

        if look_alikes(self):
            raise MayBeKnown
        self._move(self.Status.TRAINING, by=by)
        Registration.objects.get_or_create(supporter=self, ended_on=None, defaults={"started_on": timezone.localdate()})

    @transaction.atomic
    def record_training(self, course: Course, *, on: dt.date, by: Any) -> None:
        """Note that ``course`` was finished; noting it twice changes nothing."""
        TrainingCompletion.objects.get_or_create(
            supporter=self, course=course, defaults={"completed_on": on, "recorded_by": by}
        )

    @transaction.atomic
    def activate(self, *, by: Any) -> None:
        """Let the person be sent out, and tell them. Raises TrainingMissing or ConsentMissing."""
        if self.missing_courses():
            raise TrainingMissing
        if self.needs_consent() and not self.has_consent():
            raise ConsentMissing
        self._move(self.Status.ACTIVE, by=by)
        tell_activated(self)

    @transaction.atomic
    def pause(self, *, by: Any, reason: str = "") -> None:
        """Ask for nothing more for a while. Open offers are declined; what was promised stays promised."""
        self._move(self.Status.PAUSED, by=by, reason=reason)
        for assignment in self.assignments.offered():
            assignment.decline(by=by, reason=reason)

    def resume(self, *, by: Any) -> None:
        self._move(self.Status.ACTIVE, by=by)

    @transaction.atomic
    def withdraw(self, *, by: Any, reason: str = "") -> None:
        """Leave. The registration ends today; the person stays one person if they come back."""
        from supporters.models.calendars import CalendarAddress

        self._move(self.Status.WITHDRAWN, by=by, reason=reason)
        CalendarAddress.objects.filter(supporter=self).delete()
        self.registrations.filter(ended_on=None).update(ended_on=timezone.localdate())
        self.step_back(by=by, reason=reason)

    @transaction.atomic
    def apply_again(self, *, by: Any) -> None:
        """Come back: a new application of the same person."""
        if self.erased_at:
            raise Erased
        self._move(self.Status.APPLIED, by=by, applied_at=timezone.now(), erase_on=None)
        take_erasure_back(self)
        tell_applied(self, minor=self.needs_consent())

    def step_back(self, *, by: Any, reason: str, until: dt.date | None = None) -> None:
        """Decline what is offered and ask for stand-ins for what was promised, before the day ``until`` if given."""
        for assignment in self.assignments.upcoming().select_related("shift"):
            if until and assignment.shift.local_date >= until:
                continue
            if assignment.status == assignment.Status.OFFERED:
                assignment.decline(by=by, reason=reason)
            elif assignment.status == assignment.Status.ACCEPTED and assignment.shift.starts_at > timezone.now():
                assignment.want_stand_in(by=by, reason=reason)


class SupporterMove(Move):
    subject = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="moves")


class Registration(models.Model):
    """A time during which somebody is registered. The figures count people over these rows, not events."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="registrations")
    started_on = models.DateField(_("登録日"))
    ended_on = models.DateField(_("退会日"), null=True, blank=True)  # the first day on which not registered

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supporter"], condition=Q(ended_on=None), name="registration_one_open"),
            models.CheckConstraint(
                name="registration_ends_after_start", condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supporter} {self.started_on}–{self.ended_on or ''}"


class Skill(models.Model):
    """What a supporter can teach, at which level (1 basics, 2 functions and apps, 3 advanced and procedures)."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="skills")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT)
    level = models.PositiveSmallIntegerField(_("レベル"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supporter", "topic"], name="skill_once"),
            models.CheckConstraint(name="skill_level_known", condition=Q(level__range=(1, 3))),
        ]

    def __str__(self) -> str:
        return f"{self.topic} L{self.level}"


class WeeklyWindow(models.Model):
    """Usually free: a time of a weekday (0 is Monday), every week."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    starts = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.UniqueConstraint(fields=["supporter", "weekday", "starts"], name="window_once"),
            models.CheckConstraint(name="window_ends_after_start", condition=Q(ends__gt=F("starts"))),
            models.CheckConstraint(name="window_weekday_known", condition=Q(weekday__lte=6)),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Absence(models.Model):
    """Not free after all, at a stated time."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.CheckConstraint(name="absence_ends_after_start", condition=Q(ends_at__gt=F("starts_at")))]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def first_day(self) -> dt.date:
        return timezone.localdate(self.starts_at)

    @property
    def last_day(self) -> dt.date:
        return timezone.localdate(self.ends_at - dt.timedelta(microseconds=1))

    @property
    def when(self) -> str:
        """In words; where it begins or ends with the day, without a time."""
        from_morning, to_night = (
            self.starts_at == start_of(self.first_day),
            self.ends_at == span(self.last_day, self.last_day)[1],
        )
        first = say_day(self.starts_at) if from_morning else say_moment(self.starts_at)
        last = say_day(self.last_day) if to_night else say_moment(self.ends_at)
        if self.first_day != self.last_day:
            return gettext("%(first)sから%(last)sまで") % {"first": first, "last": last}
        if from_morning and to_night:
            return first
        if from_morning:
            return gettext("%(end)sまで") % {"end": last}
        if to_night:
            return gettext("%(start)sから") % {"start": first}
        return say_span(self.starts_at, self.ends_at)


class Shown(models.TextChoices):
    """How a certificate names the person, to whoever reads its QR code."""

    INITIAL = "initial", _("ふりがなの最初の1文字")
    KANA = "kana", _("ふりがな")
    NAME = "name", _("名前")


class TrainingCompletion(models.Model):
    """Somebody has finished a course, by its films and questions or as a coordinator has noted."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="completions")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="completions")
    completed_on = models.DateField(_("修了日"))
    shown_as = models.CharField(_("修了証の名前"), max_length=10, choices=Shown.choices, default=Shown.INITIAL)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supporter", "course"], name="completion_once")]

    def __str__(self) -> str:
        return f"{self.course} {self.completed_on}"

    @property
    def shown_name(self) -> str:
        person = self.supporter
        match self.shown_as:
            case Shown.NAME:
                return person.name
            case Shown.KANA:
                return person.kana
            case _initial:
                return f"{person.kana[:1]}."


@recorded(
    leave_out=("supporter",),
    names={
        "guardian": _("保護者"),
        "asked_at": _("同意をお願いした時"),
        "given_at": _("同意した時"),
        "revoked_at": _("同意を取り消した時"),
        "recorded_by": _("紙の同意書を確かめた人"),
    },
    made=True,
    personal=True,
)
class Consent(models.Model):
    """A guardian's consent for somebody under 18: asked for, given by the guardian's link or on paper, revocable."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="consents")
    guardian = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="consents")
    asked_at = models.DateTimeField(default=timezone.now)
    given_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # The coordinator who holds the signed sheet; null when the guardian used the link.
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    # Those that were given and stand: what ``is_valid`` says of one.
    VALID = Q(given_at__isnull=False, revoked_at=None)

    objects = RecordedQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["supporter"], condition=Q(revoked_at=None), name="consent_one_standing"),
            models.CheckConstraint(
                name="consent_revoked_after_given",
                condition=Q(revoked_at=None) | Q(given_at=None) | Q(revoked_at__gte=F("given_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} → {self.supporter}"

    @property
    def is_valid(self) -> bool:
        return self.given_at is not None and self.revoked_at is None

    @transaction.atomic
    def give(self, *, recorded_by: Any = None) -> None:
        """The guardian agrees, by the link or on a paper that ``recorded_by`` holds. Twice keeps the first date.

        Raises ConsentRevoked when the guardian has taken it back before: then a new one must be asked for.
        """
        rows = type(self).objects.filter(pk=self.pk, given_at=None, revoked_at=None)
        if rows.update(given_at=timezone.now(), recorded_by=recorded_by):
            stop_asking_consent(self)
        self.refresh_from_db()
        if self.revoked_at:
            raise ConsentRevoked

    @transaction.atomic
    def revoke(self, *, by: Any = None) -> None:
        """The guardian takes it back: nothing more is asked of the person, and promised duties look for a stand-in."""
        # An answer that is under way ends first, so that the guardian's word is the last.
        Supporter.objects.select_for_update(no_key=True).get(pk=self.supporter_id)
        if type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1:
            adult_age = Limits.current().adult_age
            reason = str(_("保護者の同意の取り消し"))
            self.supporter.step_back(by=by, reason=reason, until=self.supporter.comes_of_age_on(adult_age))
            if self.supporter.needs_consent() and self.supporter.status != Supporter.Status.WITHDRAWN:
                tell_consent_revoked(self, adult_age=adult_age)
        self.refresh_from_db()
