"""The supporters' part of what the system holds of a person, and how it is forgotten. See programme/own_data.py."""

import datetime as dt

from django.db.models import Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.erasing import erased_contact, forget
from notifications.models import Contact
from programme import own_data
from programme.models import Limits, User
from programme.own_data import Holding, Person
from supporters.models import (
    Absence,
    Assignment,
    AssignmentMove,
    CalendarAddress,
    CheckIn,
    Consent,
    Honorarium,
    KeptApart,
    LessonSeen,
    Payment,
    PeopleExport,
    QuizTry,
    Registration,
    Skill,
    Supporter,
    SupporterMove,
    TrainingCompletion,
    WeeklyWindow,
)

GONE = _("消えます")
COUNTED = _("名前のない記録として、数字を数えるために残ります")
WHEN, FIRST, LAST, REASON = _("日時"), _("開始"), _("終了"), _("理由")


def person_of(supporter: Supporter) -> Person:
    return Person(supporter.pk, supporter.user_id, (supporter.contact_id,))


def person_of_account(user: User) -> Person:
    """Somebody who signs in and never applied: no supporter has the key 0."""
    contacts = Contact.objects.filter(name=user.mobile) if user.mobile else Contact.objects.none()
    return Person(0, user.pk, tuple(contacts.values_list("pk", flat=True)))


def register() -> None:
    own_data.register(
        Holding(
            _("登録の内容"),
            Supporter,
            lambda person: Supporter.objects.filter(pk=person.supporter),
            [
                "name",
                "kana",
                "birth_date",
                "category",
                "home_district",
                "postcode",
                "address",
                "travel_by",
                "areas",
                "status",
                ("applied_at", _("申込み")),
                "may_be_paid",
                "is_lead",
                "is_promoter",
                "is_community",
                ("brought", _("できる配慮")),
                "week_limit",
                "month_limit",
                "travel_limit",
                ("erase_on", _("データを消す日")),
            ],
            ["user", "contact"],
            _("お名前は消え、生年月日はおおよその年齢になります。区分と地区は、数字を数えるために残ります"),
        ),
        Holding(
            _("登録の期間"),
            Registration,
            lambda person: Registration.objects.filter(supporter=person.supporter).order_by("started_on"),
            ["started_on", "ended_on"],
            ["supporter"],
            COUNTED,
        ),
        Holding(
            _("教えられること"),
            Skill,
            lambda person: Skill.objects.filter(supporter=person.supporter).order_by("topic__position"),
            [("topic", _("内容")), "level"],
            ["supporter"],
            COUNTED,
        ),
        Holding(
            _("活動できる曜日と時間"),
            WeeklyWindow,
            lambda person: WeeklyWindow.objects.filter(supporter=person.supporter),
            [("weekday", _("曜日")), ("starts", FIRST), ("ends", LAST)],
            ["supporter"],
            GONE,
        ),
        Holding(
            _("都合の悪い日"),
            Absence,
            lambda person: Absence.objects.filter(supporter=person.supporter),
            [("starts_at", FIRST), ("ends_at", LAST), ("reason", REASON)],
            ["supporter"],
            GONE,
        ),
        Holding(
            _("研修"),
            TrainingCompletion,
            lambda person: TrainingCompletion.objects.filter(supporter=person.supporter).order_by("completed_on"),
            [("course", _("研修")), "completed_on"],
            ["supporter"],
            COUNTED,
        ),
        Holding(
            _("見た研修の動画"),
            LessonSeen,
            lambda person: LessonSeen.objects.filter(supporter=person.supporter).order_by("at"),
            [("lesson", _("動画")), ("at", WHEN)],
            ["supporter"],
            COUNTED,
        ),
        Holding(
            _("研修の問題の結果"),
            QuizTry,
            lambda person: QuizTry.objects.filter(supporter=person.supporter),
            [("course", _("研修")), ("at", WHEN), ("right", _("正しい答え")), ("asked", _("問題"))],
            ["supporter"],
            COUNTED,
        ),
        Holding(
            _("保護者の同意"),
            Consent,
            lambda person: Consent.objects.filter(supporter=person.supporter),
            [
                ("guardian__name", _("保護者")),
                ("asked_at", _("お願いした日時")),
                ("given_at", _("同意した日時")),
                ("revoked_at", _("取り消した日時")),
            ],
            ["supporter", "guardian"],
            _("保護者のお名前と連絡先は消えます。同意があった日は残ります"),
        ),
        Holding(
            _("活動"),
            Assignment,
            lambda person: Assignment.objects.filter(supporter=person.supporter),
            [
                ("shift__starts_at", FIRST),
                ("shift__ends_at", LAST),
                ("shift__title", _("活動")),
                ("shift__venue", _("会場")),
                ("status", _("状態")),
                ("offered_at", _("お願いした日時")),
                ("answer_by", _("お返事の期限")),
            ],
            ["supporter"],
            _("名前のない記録として、活動時間と謝礼の額を説明するために残ります"),
        ),
        Holding(
            _("着いた記録"),
            CheckIn,
            lambda person: CheckIn.objects.filter(assignment__supporter=person.supporter),
            [
                ("at", WHEN),
                ("assignment__shift", _("活動")),
                ("way", _("知らせた方法")),
                ("late_because", _("おそくなったわけ")),
            ],
            [],
            _("名前のない記録として、活動時間と謝礼の額を説明するために残ります"),
        ),
        Holding(
            _("謝礼の明細"),
            Honorarium,
            lambda person: Honorarium.objects.filter(assignment__supporter=person.supporter),
            ["day", "cause", "minutes", "yen", "reason", ("approved_at", _("承認")), ("payment", _("支払い"))],
            [],
            _("名前のない記録として、活動時間と謝礼の額を説明するために残ります"),
        ),
        Holding(
            _("活動の経過"),
            AssignmentMove,
            lambda person: AssignmentMove.objects.filter(subject__supporter=person.supporter),
            [("at", WHEN), ("subject__shift", _("活動")), ("to_status", _("状態")), ("reason", REASON)],
            [],
            _("理由は消えます。日時は、数字を数えるために残ります"),
        ),
        Holding(
            _("登録の経過"),
            SupporterMove,
            lambda person: SupporterMove.objects.filter(subject=person.supporter),
            [("at", WHEN), ("to_status", _("状態")), ("reason", REASON)],
            ["subject"],
            _("理由は消えます。日時は、数字を数えるために残ります"),
        ),
        Holding(
            _("自分のカレンダーのアドレス"),
            CalendarAddress,
            lambda person: CalendarAddress.objects.filter(supporter=person.supporter),
            [("url", _("アドレス")), ("made_at", _("作った日時"))],
            ["supporter"],
            GONE,
        ),
        Holding(
            _("別の人だと確かめた登録"),
            KeptApart,
            lambda person: KeptApart.objects.filter(Q(one=person.supporter) | Q(other=person.supporter)),
            [("at", WHEN)],
            ["one", "other"],
            GONE,
        ),
        deeds={
            (CheckIn, "by"): _("着いた記録"),
            (Honorarium, "made_by"): _("作った謝礼の明細"),
            (Honorarium, "approved_by"): _("承認した謝礼の明細"),
            (Payment, "made_by"): _("作った謝礼の支払い"),
            (PeopleExport, "by"): _("書き出したサポーターの一覧"),
            (KeptApart, "by"): _("別の人だと確かめた操作"),
            (AssignmentMove, "by"): _("活動の経過に書かれた、あなたの操作"),
            (SupporterMove, "by"): _("登録の経過に書かれた、あなたの操作"),
            (TrainingCompletion, "recorded_by"): _("記録した研修の修了"),
            (Consent, "recorded_by"): _("記録した紙の同意書"),
        },
        erase=_erase,
    )


def _erase(person: Person) -> None:
    """What the figures count stays as it is, without a name; all else of the person goes."""
    supporter = Supporter.objects.select_related("contact").filter(pk=person.supporter).first()
    if supporter is None:
        return
    for rows in (Absence, WeeklyWindow, CalendarAddress):
        rows._base_manager.filter(supporter=supporter).delete()
    KeptApart.objects.filter(Q(one=supporter) | Q(other=supporter)).delete()
    supporter.areas.clear()
    SupporterMove.objects.filter(subject=supporter).exclude(reason="").update(reason="")
    AssignmentMove.objects.filter(subject__supporter=supporter).exclude(reason="").update(reason="")
    subjects = {f"supporter:{supporter.pk}"}
    subjects |= {f"assignment:{key}" for key in supporter.assignments.values_list("pk", flat=True)}
    subjects |= {f"consent:{key}" for key in supporter.consents.values_list("pk", flat=True)}
    before = supporter.contact
    supporter.contact = erased_contact()
    supporter.name = supporter.kana = f"削除済み{supporter.pk}"
    supporter.birth_date = rough_birth_date(supporter)
    supporter.brings = []
    supporter.postcode = supporter.address = supporter.travel_by = ""
    supporter.save()
    forget(before, subjects=subjects, instead=supporter.contact)
    for guardian in Contact.objects.filter(consents__supporter=supporter).distinct():
        nobody = erased_contact()
        supporter.consents.filter(guardian=guardian).update(guardian=nobody)
        forget(guardian, subjects=subjects, instead=nobody)


def rough_birth_date(supporter: Supporter) -> dt.date:
    """The roughest birth date with which no figure changes: the same ten years of age, and adult or not, on every day
    from the first on which the person may have been counted until today."""
    born, adult_age = supporter.birth_date, Limits.current().adult_age
    first = min(
        timezone.localdate(supporter.applied_at),
        supporter.registrations.aggregate(first=Min("started_on"))["first"] or dt.date.max,
        timezone.localdate(supporter.assignments.aggregate(first=Min("shift__starts_at"))["first"]),
    )
    last = max(
        timezone.localdate(),
        timezone.localdate(supporter.assignments.aggregate(last=Max("shift__starts_at"))["last"]),
    )
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]

    def seen(date: dt.date) -> list[tuple[int, bool]]:
        one = Supporter(birth_date=date)
        return [(one.age_on(day) // 10, one.is_minor_on(day, adult_age)) for day in days]

    rougher = (dt.date(born.year - born.year % 5, 1, 1), dt.date(born.year, 1, 1), born.replace(day=1))
    return next((date for date in rougher if seen(date) == seen(born)), born)
