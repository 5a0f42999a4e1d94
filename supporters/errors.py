"""Why somebody cannot take a duty, or no longer: each refusal is the sentence that they read."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class NotActive(Refused):
    sentence = _("活動中のサポーターだけが引き受けられます。今の状態:%(status)s")


class LessonsLeft(Refused):
    sentence = _("まだ見ていない動画があります。すべて見てから、問題に答えてください。")


class TrainingMissing(Refused):
    sentence = _("必修の研修がまだ終わっていません。")


class ConsentMissing(Refused):
    sentence = _("18歳未満の方は、保護者の同意が必要です。")


class ConsentRevoked(Refused):
    sentence = _("この同意は取り消されています。もう一度同意する場合は、事務局へお知らせください。")


class ConsentStands(Refused):
    sentence = _("保護者の同意は、もう届いています。")


class Erased(Refused):
    sentence = _("この方のデータは消えました。元に戻すことはできません。")


class AlreadyRegistered(Refused):
    sentence = _("サポーターの申込みは、もう届いています。")


class MayBeKnown(Refused):
    sentence = _("もう登録している人かもしれません。先に、同じ人かどうかを決めてください。")


class BookedAtOnce(Refused):
    sentence = _("二つの登録の活動が、同じ時間に決まっています(%(moment)s)。先に、どちらかの活動を取り消してください。")


class ErasurePending(Refused):
    sentence = _(
        "%(name)sさんは、データを消すことを申し出ています(%(day)s)。本人が消すのをやめてから、まとめてください。"
    )


class TooLateForMinor(Refused):
    sentence = _("18歳未満の方は、午後8時より後の活動に参加できません。")


class AdultMissing(Refused):
    sentence = _("18歳未満の方は、大人のサポーターと一緒の活動だけに参加できます。")


# These are read by the person and by the office alike: they speak of what is set, not of whose it is.
class WeekFull(Refused):
    sentence = _("この週の活動が、登録してある上限(%(limit)s回)に達しています。")


class MonthFull(Refused):
    sentence = _("この月の活動が、登録してある上限(%(limit)s回)に達しています。")


class TooFarApart(Refused):
    sentence = _("同じ日のほかの活動(%(other)s)との移動に間に合いません。")


class AlreadyBooked(Refused):
    sentence = _("同じ時間に、ほかの活動が決まっています。")


class Away(Refused):
    sentence = _("都合の悪い日に入っています。")


class NotUsuallyFree(Refused):
    sentence = _("いつも活動できる曜日と時間の外です。")


class TooFar(Refused):
    sentence = _("活動できる場所の外です。")


class NotYetOpen(Refused):
    sentence = _("%(day)sの当番は、まだ選べません。日が近くなってから、またご覧ください。")


class NotOpen(Refused):
    sentence = _("この活動は、今は自分では選べません。")


class AskedOften(Refused):
    sentence = _("今月は、もう%(limit)s回お願いしています(1か月の上限)。")


class SaidNo(Refused):
    sentence = _("この活動は、一度「%(status)s」になっています。")


class ShiftFull(Refused):
    sentence = _("ありがとうございます。この活動は、先にほかの方で人数がそろいました。")


class NoSeatFree(ShiftFull):
    """As ``ShiftFull``, said to the office."""

    sentence = _("人数はそろっています。ほかの人を入れるには、先に1人分を空けるか、人数を1人ふやしてください。")


class ShiftCancelled(Refused):
    sentence = _("この活動は中止になりました。")


class ShiftStarted(Refused):
    sentence = _("この活動は、もう始まっています。")


class OfferLapsed(Refused):
    sentence = _("お返事の期限が過ぎました。ありがとうございます。次の機会にまたお願いします。")


class OfferClosed(Refused):
    sentence = _("このお願いは、もう「%(status)s」になっています。")


class OfferMoved(Refused):
    sentence = _(
        "活動の日時が変わりました。新しい日時は、%(when)sです。"
        "行けるかどうか、変更のお知らせのボタンかページから、もう一度お返事ください。"
    )


class TooEarlyToCheckIn(Refused):
    sentence = _("まだ早いようです。%(opens)sから押せます。")


class ReasonNeeded(Refused):
    sentence = _("時間を過ぎています。わけを選んで、もう一度押してください。")


class CheckInOver(Refused):
    sentence = _("押せるのは、活動の日のうちだけです。行ったことを、事務局にお知らせください。")


class MadeByYourself(Refused):
    sentence = _("明細を作った人は、承認できません。ほかのコーディネーターが承認してください。")


class NothingToPay(Refused):
    sentence = _("支払う明細がありません。先に、明細を承認してください。")


class NotPaidYet(Refused):
    sentence = _("まだ支払っていない明細があります。出席の記録を直してから、明細を作り直してください。")


class RoomTaken(Refused):
    sentence = _("%(venue)sの部屋は、この時間にほかの予約があります。")
