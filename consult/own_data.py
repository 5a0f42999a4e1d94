"""The desks' part of what the system holds of a person, and how it is forgotten. See programme/own_data.py."""

from django.utils.translation import gettext_lazy as _

from consult.models import (
    Activity,
    Consultation,
    ConsultationChange,
    Correction,
    Desk,
    HalfYearReport,
    HalfYearText,
    KpiExport,
    MonthReport,
    OpeningBatch,
    ProposedCorrection,
    Rescheduling,
    Reservation,
    StandingMember,
)
from consult.models.devices import Invitation, Tablet
from consult.models.paper import DaySheetEntry
from programme import own_data
from programme.own_data import Holding, Person


def register() -> None:
    made_batch, batch_undone = _("まとめて作った開設日"), _("取り消した、まとめて作った開設日")
    own_data.register(
        Holding(
            _("固定の担当"),
            StandingMember,
            lambda person: StandingMember.objects.filter(supporter=person.supporter),
            [("team__desk", _("相談所")), ("agreed_at", _("同意した日時"))],
            ["supporter"],
            _("消えます"),
        ),
        Holding(
            _("端末のアカウントとして使える相談所"),
            Desk,
            lambda person: Desk.objects.filter(accounts__isnull=False, accounts=person.user),
            ["name"],
            ["accounts"],
            _("消えます"),
        ),
        deeds={
            (Consultation, "logged_by"): _("記録した相談"),
            (Consultation, "voided_by"): _("取り消した相談"),
            (ConsultationChange, "by"): _("直した相談の記録"),
            (Activity, "logged_by"): _("記録したその他の活動"),
            (Rescheduling, "by"): _("日時を変えた開設日"),
            (OpeningBatch, "made_by"): made_batch,
            (OpeningBatch, "undone_by"): batch_undone,
            (Reservation, "made_by"): _("代わりにとった予約"),
            (StandingMember, "agreed_by"): _("記録した固定の担当の同意"),
            (DaySheetEntry, "by"): _("入力した紙の記録"),
            (Tablet, "enrolled_by"): _("登録したタブレット"),
            (Tablet, "revoked_by"): _("止めたタブレット"),
            (Invitation, "made_by"): _("作ったタブレット登録のQRコード"),
            (MonthReport, "closed_by"): _("締めた月"),
            (Correction, "by"): _("出した訂正"),
            (ProposedCorrection, "settled_by"): _("判断した訂正の案"),
            (KpiExport, "by"): _("書き出した数字の表"),
            (HalfYearReport, "fixed_by"): _("確定したWG半期報告"),
            (HalfYearText, "by"): _("書いたWG半期報告の文"),
        },
        erase=_erase,
    )


def _erase(person: Person) -> None:
    """Who is gone is of no team; what was logged keeps no name (a member's account is deleted)."""
    StandingMember.objects.filter(supporter=person.supporter).delete()
