"""Why the log or the ledger says no, each with the sentence that the user reads."""

from django.utils.translation import gettext_lazy as _

from programme.errors import Refused


class PersonalData(Refused):
    sentence = _(
        "メモや理由には、電話番号・番号・メールアドレスなど、個人のことは書かないでください。長い数字を消すと保存できます。"
    )


class NotYourDesk(Refused):
    sentence = _("この端末では、この相談所の記録はできません。")


class PaperNeedsAccount(Refused):
    sentence = _("紙の数は、端末からは入力できません。「紙の数を入力する」で入力してください。")


class TooLateForTablet(Refused):
    sentence = _("この端末で取り消せるのは、送ってから1日以内の記録だけです。事務局に伝えてください。")


class SheetEntered(Refused):
    sentence = _("この日の紙の数は、もう入力されています。「紙の数を入力する」で、紙の数を直してください。")


class SameIdOtherCase(Refused):
    sentence = _("同じ番号の別の記録が、もうあります。画面を開き直してください。")


class NotYetOpen(Refused):
    sentence = _("%(day)sの相談は、その日になってから記録できます。")


class OtherDay(Refused):
    sentence = _("相談の日(%(happened)s)が、開設日(%(opened)s)と違います。端末の日付と時刻をご確認ください。")


class Voided(Refused):
    sentence = _("この記録は、もう取り消されています。新しく記録してください。")


class OnSheet(Refused):
    sentence = _("紙から入力した記録です。「紙の数を入力する」で、紙の数を直してください。")


class OpeningOver(Refused):
    sentence = _("%(day)sの開設は、もう始まっているか終わっています。中止や変更はできません。")


class DeskEnded(Refused):
    sentence = _("この相談所は、もう開いていません。先に相談所のページで「開設中」にしるしを付けてください。")


class ActivityLogged(Refused):
    sentence = _("同じ日・同じ名前の活動が、もう記録されています。")


class NotYetHeld(Refused):
    sentence = _("これから行う活動は、まだ記録できません。実施日をご確認ください。")


class MonthNotOver(Refused):
    sentence = _("%(month)sはまだ終わっていないため、締められません。")


class MonthClosed(Refused):
    sentence = _("%(month)sはもう締めました。数字を直すときは「訂正」を使ってください。")


class MonthOpen(Refused):
    sentence = _("%(month)sはまだ締めていません。元の記録を直してください。")


class ReasonMissing(Refused):
    sentence = _("理由を入力してください。")


class FigureNotInMonth(Refused):
    sentence = _("%(month)sを締めたとき、この指標はまだありませんでした。")


class NothingChanged(Refused):
    sentence = _("数字は変わりませんでした。もう訂正されているかもしれません。画面の数字をご確認ください。")


class HalfYearFixed(Refused):
    sentence = _("この報告はもう確定しています。文章も数字も変えられません。")


class HalfYearNotOver(Refused):
    sentence = _("この半期はまだ終わっていないため、確定できません。")


class TextsChanged(Refused):
    sentence = _(
        "ほかの人が先に文章を書きかえました。書いた文章は下に残っています。今の文章とくらべて、もう一度保存してください。"
    )


class UnreadableTable(Refused):
    sentence = _("この表は読めませんでした。%(reason)s")


class OpeningThere(Refused):
    sentence = _("%(day)sには、この相談所の開設日がもうあります。")


class OpeningCalledOff(Refused):
    sentence = _(
        "%(day)sは、中止にした日です。この日に開くときは、中止にした日のページで「この日を開き直す」を押します。"
    )


class BookingsFall(Refused):
    sentence = _(
        "開いている時間が短くなるため、予約%(count)s件が取り消しになります: %(which)s。"
        "それでもよいときは、ここにしるしを付けて、もう一度押してください。"
    )


class VenueShut(Refused):
    sentence = _(
        "%(day)sは、会場がお休みです(%(reason)s)。ほかの日を選ぶか、「休館日でも開く」にしるしを付けてください。"
    )


class PastDay(Refused):
    sentence = _("これからの日時を入力してください。")


class NothingMoved(Refused):
    sentence = _("日時が前と同じです。新しい日時を入力してください。")


class SlotTaken(Refused):
    sentence = _("申し訳ありません。その時間は、先にほかの方が予約しました。ほかの時間を選んでください。")


class NoReservations(Refused):
    sentence = _("この日の予約は受け付けていません。予約がなくても、そのままお越しいただけます。")


class TooManyReservations(Refused):
    sentence = _("お一人で予約できるのは%(most)s回までです。終わってから、またご予約ください。")


class ReservationOver(Refused):
    sentence = _("この予約の時間は過ぎました。")
