"""Answers to an offer from a chat: the same verbs as behind the link."""

from django.utils.translation import gettext as _

from notifications import replies
from notifications.models import Message
from supporters.models import Assignment


def answer_offer(message: Message, word: str) -> str:
    """行けます or 行けません to the offer that ``message`` made. Raises Refused, such as when the place is taken."""
    assignment = Assignment.objects.select_related("supporter__user", "shift__venue").get(
        pk=message.subject.removeprefix("assignment:")
    )
    by = assignment.supporter.user
    if word == "accept":
        assignment.accept(by=by)
        return _("引き受けてくださり、ありがとうございます。くわしいお知らせを、すぐに送ります。")
    assignment.decline(by=by)
    return _("わかりました。お返事ありがとうございます。また次の機会に、よろしくお願いします。")


def register() -> None:
    replies.register("offer", answer_offer)
