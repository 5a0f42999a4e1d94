"""What a group thought of its session: two answers and a line of thanks."""

from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from support_requests import months
from support_requests.errors import FeedbackClosed, NotHeld
from support_requests.messages import stop_asking_for_feedback
from support_requests.models.sessions import Session

THANKS_LENGTH = 200


class Helpful(models.IntegerChoices):
    """Whether the session was of use; from ``YES`` on the group counts as satisfied."""

    VERY = 4, _("とても役に立った")
    YES = 3, _("役に立った")
    LITTLE = 2, _("あまり役に立たなかった")
    NO = 1, _("役に立たなかった")


class Again(models.IntegerChoices):
    """Whether the group wants supporters to come again; from ``YES`` on it does."""

    VERY = 4, _("ぜひ来てほしい")
    YES = 3, _("来てほしい")
    LITTLE = 2, _("あまり来てほしくない")
    NO = 1, _("来てほしくない")


class Feedback(models.Model):
    """One of a session at most. ``thanks`` is for the supporters who were there and for coordinators, nobody else."""

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="feedback")
    helpful = models.PositiveSmallIntegerField(_("役に立ったか"), choices=Helpful.choices)
    again = models.PositiveSmallIntegerField(_("また来てほしいか"), choices=Again.choices)
    thanks = models.CharField(_("サポーターへのひとこと"), max_length=THANKS_LENGTH, blank=True)
    given_at = models.DateTimeField(default=timezone.now)  # or changed

    class Meta:
        verbose_name = _("団体の感想")
        verbose_name_plural = _("団体の感想")
        constraints = [
            models.CheckConstraint(
                name="feedback_answers_known", condition=Q(helpful__range=(1, 4)) & Q(again__range=(1, 4))
            )
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.get_helpful_display()}"

    @classmethod
    @transaction.atomic
    def give(cls, session: Session, *, helpful: int, again: int, thanks: str) -> Self:
        """The group's answer, or another answer in place of the first. The same one again changes nothing.

        Raises NotHeld, and FeedbackClosed for another answer once the month of the session is closed.
        """
        sessions = Session.objects.select_for_update(of=("self",), no_key=True).select_related("request", "shift")
        session = sessions.get(pk=session.pk)
        if not session.may_be_judged:
            raise NotHeld
        answer = {"helpful": helpful, "again": again, "thanks": " ".join(thanks.split())}
        given = cls.objects.filter(session=session).first()
        if given is None:
            stop_asking_for_feedback(session)
            return cls.objects.create(session=session, **answer)
        if all(getattr(given, name) == value for name, value in answer.items()):
            return given
        if months.is_closed(session.shift.local_date):
            raise FeedbackClosed
        for name, value in answer.items():
            setattr(given, name, value)
        given.given_at = timezone.now()
        given.save()
        return given
