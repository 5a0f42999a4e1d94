"""Why a request cannot go on, each with the sentence that the user reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import ChangedMeanwhile, Refused


class TooFewPeople(Refused):
    sentence = _(
        "出張サポートは%(minimum)s人以上でお申し込みください。"
        "人数がたりないときは、予約のいらない「よろず相談所」をご利用ください。"
    )


class TooManyPeople(Refused):
    sentence = _("ウェブでのお申し込みは%(maximum)s人までです。それより多いときは、お電話でご相談ください。")


class ContactMissing(Refused):
    sentence = _("メールアドレスか電話番号の、どちらかを入力してください。")


class TooSoon(Refused):
    sentence = _("準備に日数がかかります。%(first)s以後の日を選んでください。")


class TooFar(Refused):
    sentence = _("まだ予定を決められません。%(last)sまでの日を選んでください。")


class OffGrid(Refused):
    sentence = _("時間は15分きざみで選んでください。")


class SameTimeTwice(Refused):
    sentence = _("ほかの希望と同じ日時です。別の日時を選んでください。")


class WrongLength(Refused):
    sentence = _("時間は%(shortest)s分から%(longest)s分までで選んでください。")


class VenueShut(Refused):
    sentence = _("%(venue)sが使えるのは%(opens)sから%(closes)sまでです。")


class OutsideHours(VenueShut):
    """Said where another time can be chosen."""

    sentence = _(
        "%(venue)sが使えるのは%(opens)sから%(closes)sまでです。終わりの時間もその中に入るように選んでください。"
    )


class AskedEnough(Refused):
    sentence = _(
        "確認のお願いを、きょうはもう何度もお送りしました。届いたものから確認していただくか、あす、もう一度お試しください。お急ぎのときは、お電話ください。"
    )


class TooManyThisMonth(Refused):
    sentence = _(
        "1つの団体のお申し込みは、1か月に%(most)s回までです(%(month)s)。"
        "別の月の日を選んでいただくか、お電話でご相談ください。"
    )


class TooManyFromHere(Refused):
    sentence = _(
        "この回線から、短い時間にたくさん送られたため、いまは受け付けられません。入力した内容は残っています。"
        "1時間ほどたってから、もう一度送ってください。お急ぎのときは、お電話ください。"
    )


class TooManyInquiries(Refused):
    sentence = _("前にいただいた連絡に、まだお返事していません。お返事をお待ちいただくか、お電話ください。")


class RoomTooSmall(Refused):
    sentence = _("%(room)sは%(capacity)s人までです。広い部屋か、ほかの場所を選んでください。")


class RequestClosed(Refused):
    sentence = _("このお申し込みは「%(status)s」になっています。もう一度頼みたいときは、新しくお申し込みください。")


class NotOverYet(Refused):
    sentence = _("報告は、活動が始まってから入力できます。")


class AlreadyReported(Refused):
    sentence = _("この活動の報告は、もう受け取っています。")


class RequestChanged(Refused):
    sentence = _("「%(group)s」の申込みは「%(status)s」に変わったため、この案は使えません。")


class Overtaken(ChangedMeanwhile):
    """Whoever changes the request looked at what it said before somebody else changed it."""

    sentence = _("開いているあいだに、お申し込みの内容が変わりました。")


class TimePassed(Refused):
    sentence = _("予定の時間がもう過ぎています。")


class SameTime(Refused):
    sentence = _("今と同じ日時です。別の日時を選んでください。")


class TeamCannotCome(Refused):
    sentence = _("この日時には、サポーターの全員は行けなくなりました。別の日時を選んでください。")


class NobodyAccepted(Refused):
    sentence = _("引き受けたサポーターが、まだひとりもいません。日時とサポーターを決め直してください。")


class VenueClosed(Refused):
    sentence = _("%(venue)sは、この日は閉まっています(%(reason)s)。")


class ClosedOn(VenueClosed):
    """The venue is closed on a day that the sentence has to name."""

    sentence = _("%(venue)sは、%(day)sは閉まっています(%(reason)s)。別の日を選んでください。")


class PlanNotReady(Refused):
    sentence = _("この計画は「%(status)s」なので、承認できません。")


class NotHeld(Refused):
    sentence = _("感想は、活動が終わってからお聞きします。")


class FeedbackClosed(Refused):
    sentence = _("この月の数字を締めたため、感想はもう変えられません。前のお答えが残っています。")
