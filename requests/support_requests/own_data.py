"""The sessions' part of what the system holds of a person. See programme/own_data.py."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from programme import own_data
from programme.own_data import Holding, Person
from support_requests.models import (
    Board,
    BoardStep,
    Inquiry,
    Plan,
    PlanMove,
    PlannedMember,
    PlannedTask,
    PlanOverride,
    Report,
    Series,
    Session,
    SupportRequest,
    SupportRequestMove,
)


def register() -> None:
    own_data.register(
        Holding(
            _("計画に出た案"),
            PlannedMember,
            lambda person: PlannedMember.objects.filter(supporter=person.supporter),
            [("task__plan__created_at", _("作った日時")), ("task__starts_at", _("開始"))],
            ["supporter"],
            _("名前のない記録として残ります"),
        ),
        Holding(
            _("週の表の案"),
            BoardStep,
            lambda person: BoardStep.objects.filter(supporter=person.supporter),
            [
                ("board__made_at", _("作った日時")),
                ("leaves__title", _("前の活動")),
                ("goes__title", _("次の活動")),
                "reason",
            ],
            ["supporter"],
            _("消えます"),
        ),
        Holding(
            _("計画で代わりに選ばれたこと"),
            PlanOverride,
            lambda person: PlanOverride.objects.filter(Q(supporter=person.supporter) | Q(instead_of=person.supporter)),
            [("at", _("日時")), "reason"],
            ["supporter", "instead_of"],
            _("消えます"),
        ),
        Holding(
            _("あなたが書いた報告"),
            Report,
            lambda person: Report.objects.filter(reported_by__isnull=False, reported_by=person.user),
            [("reported_at", _("日時")), ("session__shift__title", _("活動")), "attendees", "note", "follow_up"],
            ["reported_by"],
            _("報告は残り、だれが書いたかは消えます"),
        ),
        deeds={
            (Series, "ended_by"): _("終わりにした毎月の申込み"),
            (SupportRequest, "taken_by"): _("電話で受け付けた申込み"),
            (SupportRequestMove, "by"): _("申込みの経過に書かれた、あなたの操作"),
            (Session, "public_by"): _("公開した出張サポート"),
            (Inquiry, "settled_by"): _("お返事した団体からの連絡"),
            (Plan, "created_by"): _("作った計画"),
            (PlanMove, "by"): _("計画の経過に書かれた、あなたの操作"),
            (PlannedTask, "approved_by"): _("承認した計画の活動"),
            (PlanOverride, "by"): _("計画で代えた人"),
            (Board, "made_by"): _("作った週の表の案"),
        },
        erase=_erase,
    )


def _erase(person: Person) -> None:
    """Proposals and their reasons are about a person; the plans keep who was in which team."""
    BoardStep.objects.filter(supporter=person.supporter).delete()
    PlanOverride.objects.filter(Q(supporter=person.supporter) | Q(instead_of=person.supporter)).delete()
