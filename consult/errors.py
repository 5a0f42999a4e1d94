"""Why the log or the ledger says no, each with the sentence that the user reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class PersonalData(Refused):
    sentence = _("メモには、電話番号・番号・メールアドレスなど、個人のことは書かないでください。")


class NotYourDesk(Refused):
    sentence = _("この端末では、この相談所の記録はできません。")


class SameIdOtherCase(Refused):
    sentence = _("同じ番号の別の記録が、もうあります。画面を開き直してください。")


class MonthNotOver(Refused):
    sentence = _("%(month)sはまだ終わっていないため、締められません。")


class MonthClosed(Refused):
    sentence = _("%(month)sはもう締めました。数字を直すときは「訂正」を使ってください。")


class MonthOpen(Refused):
    sentence = _("%(month)sはまだ締めていません。元の記録を直してください。")


class ReasonMissing(Refused):
    sentence = _("理由を入力してください。")
