"""The rota: batches of openings made together, dates that were moved, and teams that always serve the same dates."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consult.models.desks import Desk, Opening
from consult.opening_days import say_rule
from programme.models.places import validate_rule
from programme.models.records import note
from supporters.models import Assignment, Shift, Supporter


@dataclass(frozen=True, slots=True)
class Kept:
    """An opening that an undo leaves alone, and why."""

    opening: Opening
    why: str


class OpeningBatch(models.Model):
    """The openings that somebody made at one time; undone as one, as long as nobody has done anything with them."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="batches")
    first = models.DateField(gettext_lazy("最初の日"))
    last = models.DateField(gettext_lazy("最後の日"))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = gettext_lazy("まとめて作った開設日")
        verbose_name_plural = gettext_lazy("まとめて作った開設日")
        ordering = ["-made_at", "-pk"]
        constraints = [models.CheckConstraint(name="batch_ends_after_start", condition=Q(last__gte=F("first")))]

    def __str__(self) -> str:
        return f"{self.desk} {self.first}–{self.last}"

    def kept(self) -> list[Kept]:
        """The openings of the batch with which something was done, each with what; in a fixed number of queries."""
        openings = self.openings.select_related("shift").prefetch_related(
            "shift__assignments", "reservations", "consultations", "reschedulings"
        )
        return [Kept(opening, why) for opening in openings.order_by("date") if (why := _touched(opening))]

    @transaction.atomic
    def undo(self, *, by: Any) -> list[dt.date]:
        """Take back the openings with which nobody has done anything yet. Returns their dates; ``kept`` names the rest.

        Undoing twice is undoing once. Whoever takes a place or a slot in this moment either comes first, and the
        opening stays, or finds it gone.
        """
        shifts = Shift.objects.select_for_update(no_key=True).filter(opening__batch=self)
        list(shifts.order_by("pk"))
        kept = {one.opening.pk for one in self.kept()}
        removed = list(self.openings.exclude(pk__in=kept).order_by("date"))
        dates, shift_keys = [one.date for one in removed], [one.shift_id for one in removed]
        Opening.objects.filter(pk__in=[one.pk for one in removed]).delete()
        Assignment.objects.filter(shift__in=shift_keys).delete()  # proposed only: nobody was asked
        Shift.objects.filter(pk__in=shift_keys).delete()
        OpeningBatch.objects.filter(pk=self.pk, undone_at=None).update(undone_at=timezone.now(), undone_by=by)
        self.refresh_from_db()
        return dates


def _touched(opening: Opening) -> str:
    """What was done with an opening that ``OpeningBatch.kept`` has read; "" when nothing was."""
    if opening.is_cancelled:
        return _("中止にした日です。")
    if opening.shift.starts_at <= timezone.now():
        return _("もう始まっているか、終わっています。")
    if opening.consultations.all():
        return _("相談の記録があります。")
    if booked := opening.reservations.all():
        standing = any(one.cancelled_at is None for one in booked)
        return _("予約があります。") if standing else _("取り消された予約の記録があります。")
    if opening.reschedulings.all():
        return _("日時を変えた日です。")
    statuses = {one.status for one in opening.shift.assignments.all()} - {Assignment.Status.PROPOSED}
    if statuses & set(Assignment.LIVE):
        return _("担当の人が決まっているか、お願いをしています。")
    return _("担当をお願いした記録があります。") if statuses else ""


class Rescheduling(models.Model):
    """An opening was moved: where it stood before, and why."""

    opening = models.ForeignKey(Opening, on_delete=models.CASCADE, related_name="reschedulings")
    from_date = models.DateField()
    from_starts_at = models.DateTimeField()
    from_ends_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(name="rescheduling_has_reason", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.from_date} → {self.opening.date}"


class StandingTeam(models.Model):
    """The same people each time, such as "each 2nd Tuesday": they are put on a desk's openings by ``consult.teams``."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="teams")
    # The days of the desk's that are the team's; empty: all of them.
    rule = models.CharField(gettext_lazy("担当する日(RRULE)"), max_length=200, blank=True, validators=[validate_rule])
    people = models.ManyToManyField(Supporter, through="StandingMember", related_name="standing_teams")

    class Meta:
        verbose_name = gettext_lazy("固定の担当")
        verbose_name_plural = gettext_lazy("固定の担当")
        ordering = ["desk", "pk"]
        constraints = [models.UniqueConstraint(fields=["desk", "rule"], name="standing_team_once")]

    def __str__(self) -> str:
        return f"{self.desk} {self.rule_in_words}"

    @property
    def rule_in_words(self) -> str:
        return say_rule(self.rule) if self.rule else _("相談所が開く日すべて")

    @transaction.atomic
    def put(self, supporter: Supporter, *, agrees: bool, by: Any) -> None:
        """From now on the person is of the team; ``agrees``: to be put down without being asked each time.

        Who agreed before keeps the date on which it was; what was promised already stays promised.
        """
        StandingTeam.objects.select_for_update().get(pk=self.pk)
        before = self._place_of(supporter)
        member = self.members.filter(supporter=supporter).first() or StandingMember(team=self, supporter=supporter)
        if agrees != (member.agreed_at is not None):
            member.agreed_at, member.agreed_by = (timezone.now(), by) if agrees else (None, None)
        member.save()
        note(supporter, {"standing": (before, self._place_of(supporter))})

    @transaction.atomic
    def drop(self, supporter: Supporter) -> None:
        """From now on the person is not of the team; what was promised already stays promised."""
        before = self._place_of(supporter)
        self.members.filter(supporter=supporter).delete()
        note(supporter, {"standing": (before, "")})

    def _place_of(self, supporter: Supporter) -> str:
        """The person's place in the team, as the person's record keeps it; "" for none."""
        member = self.members.filter(supporter=supporter).first()
        if member is None:
            return ""
        return f"{self} ({_('毎回すぐに決める') if member.agreed_at else _('毎回お願いする')})"


class StandingMember(models.Model):
    team = models.ForeignKey(StandingTeam, on_delete=models.CASCADE, related_name="members")
    supporter = models.ForeignKey(Supporter, on_delete=models.PROTECT, related_name="standing_places")
    # The standing consent: null, and the person is asked each time. Who noted it may have left since.
    agreed_at = models.DateTimeField(null=True, blank=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["team", "supporter"], name="standing_member_once")]

    def __str__(self) -> str:
        return str(self.supporter)
