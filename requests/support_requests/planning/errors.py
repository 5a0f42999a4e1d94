"""Why a plan, or a part of it, cannot be made or applied, each with the sentence that the coordinator reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class PeriodOver(Refused):
    sentence = _("最後の日は、最初の日と明日より前にはできません。")


class PeriodTooLong(Refused):
    sentence = _("期間は%(days)s日以内にしてください。")


class RequestEdited(Refused):
    sentence = _("計画した後で、申込みの内容が変わりました。もう一度計画してください。")


class ShiftMoved(Refused):
    sentence = _("計画した後で、この活動の時間が変わりました。もう一度計画してください。")


class NotCarriedOut(Refused):
    sentence = _("思いがけない問題が起きたため、お願いを送れませんでした。管理者にお知らせください。")


class FactsChanged(Refused):
    sentence = _("計画した後で、サポーターの予定や登録の内容などが変わりました。もう一度計画してください。")


class AlreadyStaffed(Refused):
    sentence = _("この活動は、計画した後で必要な人数が変わりました(もうお願いしているか、そろっています)。")


class AskedElsewhere(Refused):
    sentence = _("同じ時間に、ほかの活動をお願いしている返事待ちです。")


class MemberRefused(Refused):
    """One of the planned people cannot go any more; ``reason`` is that rule's own sentence."""

    sentence = _("%(name)sさん:%(reason)s")


class NotInTeam(Refused):
    sentence = _("この人は、この活動の案にいません。")


class DoesNotFit(Refused):
    sentence = _(
        "この人に代えると、必要な条件がそろいません。空いている時間、行ける場所、できることを確かめてください。"
    )


class PlannedElsewhere(Refused):
    sentence = _("この人は、同じ日のほかの活動(%(title)s)の案に入っています。先にそちらを代えてください。")


class PlanOutdated(Refused):
    sentence = _("計画した後で状況が変わったため、答えられません。もう一度計画してください。")


class NotReady(Refused):
    """Plans are made of those alone who are trained and, under age, have a guardian's consent."""

    sentence = _("研修か保護者の同意が済んでいないため、活動に行けません。")
