"""Why a request cannot go on, each with the sentence that the user reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class TooFewPeople(Refused):
    sentence = _("出張サポートは%(minimum)s人以上でお申し込みください。")


class NotOverYet(Refused):
    sentence = _("報告は、活動が始まってから入力できます。")


class AlreadyReported(Refused):
    sentence = _("この活動の報告は、もう受け取っています。")


class RequestChanged(Refused):
    sentence = _("「%(group)s」の申込みは「%(status)s」に変わったため、この案は使えません。")


class TimePassed(Refused):
    sentence = _("予定の時間がもう過ぎています。")


class VenueClosed(Refused):
    sentence = _("%(venue)sは、この日は閉まっています(%(reason)s)。")


class PlanNotReady(Refused):
    sentence = _("この計画は「%(status)s」なので、承認できません。")
