"""Answers to an offer from a chat: the same verbs as behind the link."""

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import replies
from notifications.models import Message
from programme.wording import say_moment
from supporters.errors import OfferMoved
from supporters.models import Assignment, Shift


@transaction.atomic
def answer_offer(message: Message, word: str) -> str:
    """行けます or 行けません to the time that ``message`` named.

    Raises OfferMoved when there is another time by now, and what the verbs raise, such as when the place is taken.
    """
    assignment = Assignment.objects.select_related("supporter__user").get(
        pk=message.subject.removeprefix("assignment:")
    )
    # Locked as the verbs lock it: until this is answered the time stays as it is.
    shift = Shift.objects.select_for_update(no_key=True).get(pk=assignment.shift_id)
    moved = Message.objects.filter(subject=message.subject, kind="moved", pk__gt=message.pk)
    if assignment.status in Assignment.LIVE and moved.exists():
        raise OfferMoved(when=say_moment(shift.starts_at))
    by = assignment.supporter.user
    if word == "accept":
        assignment.accept(by=by)
        return _("引き受けてくださり、ありがとうございます。くわしいお知らせを、すぐに送ります。")
    assignment.decline(by=by)
    return _("わかりました。お返事ありがとうございます。また次の機会に、よろしくお願いします。")


def register() -> None:
    for kind in ("offer", "moved"):
        replies.register(kind, answer_offer)
