"""Why the board says no, each with the sentence that the coordinator reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class NothingProposed(Refused):
    sentence = _("確定する案がありません。")


class BoardStale(Refused):
    """Something that the steps touch is not as the page showed it."""

    sentence = _(
        "画面を開いた後で、次が変わりました。まだ何も変えていません。今の様子を見て、もう一度確定してください。"
        "%(changes)s"
    )


class StepRefused(Refused):
    """A rule stands against one step, so none was done."""

    sentence = _("%(name)sさん、%(shift)s:%(reason)s まだ何も変えていません。")


class ReasonNeeded(Refused):
    sentence = _("本人の都合や上限と合わないので、それでも決める理由を入力してください。")


class MovedOn(Refused):
    """After the commit somebody answered, or something else happened."""

    sentence = _("確定した後で状況が変わったため、元に戻せません。%(changes)s")


class NoPlaceLeft(Refused):
    sentence = _("この活動には、空いた所がありません。")


class NotOnShift(Refused):
    sentence = _("この人は、もうこの活動の担当ではありません。")


class OtherWeek(Refused):
    sentence = _("この週の、これからの活動ではありません。")
