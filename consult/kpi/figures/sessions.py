"""Sessions: what was asked for, what was held, who was there."""

from django.db.models import Case, CharField, F, Value, When
from django.utils.translation import gettext_lazy as _

from consult.kpi.definition import BY_EVENT, Area, Definition, Kind
from consult.kpi.dimensions import NOBODY_CAME
from consult.kpi.rows import sessions
from consult.kpi.tally import Measure
from programme.models import Figure
from support_requests.models import Group, Session, SupportRequest

_PLACE = {"district": "shift__venue__district_id", "group_kind": "request__group__kind"}

_REASON = Case(
    When(to_status=SupportRequest.Status.REPORTED, then=Value(NOBODY_CAME)),
    default=F("to_status"),
    output_field=CharField(),
)

SESSIONS = (
    Definition(
        code="sessions",
        name=Figure.SESSIONS.label,
        name_en="Sessions held",
        unit="回",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に行い、1人以上が参加したと報告された出張サポートの数です。中止と参加者0人の回は入りません。"),
        source="S2",
        rows=sessions.held,
        model=Session,
        by={**_PLACE, "topics": "report__topics"},
    ),
    Definition(
        code="participants",
        name=Figure.PARTICIPANTS.label,
        name_en="Participants in sessions",
        unit="人",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("出張サポートの報告にある、実際に参加した人の合計(延べ)です。申込みの人数ではありません。"),
        source="S3",
        rows=sessions.participants,
        model=Session,
        by=_PLACE,
    ),
    Definition(
        code="groups_served",
        name=_("出張サポートを受けた団体数"),
        name_en="Groups served",
        unit="団体",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("出張サポートを受けた団体の数(実数)です。同じ団体は、期間の中で何回受けても1団体です。"),
        rows=sessions.groups,
        model=Group,
        measure=Measure.DISTINCT,
        by={"district": "request__group__district_id", "group_kind": "request__group__kind"},
    ),
    Definition(
        code="requests_received",
        name=_("出張サポートの申込み"),
        name_en="Requests received",
        unit="件",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に受け付けた申込みの数です。あとで取り下げた申込みも入ります。"),
        cutoff=BY_EVENT,
        rows=sessions.received,
        model=SupportRequest,
        by={
            "district": "venue__district_id",
            "group_kind": "group__kind",
            "intake": "intake",
            "topics": "topics__topic_id",
        },
    ),
    Definition(
        code="requests_served",
        name=_("出張サポートができた申込み"),
        name_en="Requests served",
        unit="件",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に出張サポートを行った申込みの数です。受け付けた月ではなく、行った月に入れます。"),
        rows=sessions.served,
        model=SupportRequest,
        by={**_PLACE, "intake": "request__intake"},
    ),
    Definition(
        code="requests_unserved",
        name=_("出張サポートができなかった申込み"),
        name_en="Requests not served",
        unit="件",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_(
            "期間の中に、取り下げ、お断り、またはだれも来なかったために、出張サポートをせずに終わった申込みの数です。"
        ),
        cutoff=BY_EVENT,
        rows=sessions.unserved,
        model=SupportRequest,
        by={"reason": _REASON, "district": "subject__venue__district_id"},
    ),
    Definition(
        code="waiting_median",
        name=_("申込みから実施までの日数(中央値)"),
        name_en="Days from request to session (median)",
        unit="日",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に行った出張サポートを、申込みから実施までの日数の短い順に並べて、真ん中の回の日数です。"),
        measure=Measure.MEDIAN,
        rows=sessions.waiting,
        model=Session,
    ),
    Definition(
        code="waiting_p90",
        name=_("申込みから実施までの日数(90%)"),
        name_en="Days from request to session (90th percentile)",
        unit="日",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に行った出張サポートの10回のうち9回は、申込みからこの日数までに実施しました。"),
        measure=Measure.P90,
        rows=sessions.waiting,
        model=Session,
    ),
    Definition(
        code="satisfaction",
        name=_("出張サポートが役に立った割合(満足度)"),
        name_en="Sessions that were of use (satisfaction)",
        unit="%",
        scale=10,
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_(
            "期間の中に行い、団体から感想があった出張サポートのうち、「とても役に立った」または「役に立った」と答えた回の割合です。"
        ),
        measure=Measure.SHARE,
        rows=sessions.satisfied,
        model=Session,
        by=_PLACE,
    ),
    Definition(
        code="wanted_again",
        name=_("また来てほしいと答えた割合"),
        name_en="Groups that want a session again",
        unit="%",
        scale=10,
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_(
            "期間の中に行い、団体から感想があった出張サポートのうち、「ぜひ来てほしい」または「来てほしい」と答えた回の割合です。"
        ),
        measure=Measure.SHARE,
        rows=sessions.wanted_again,
        model=Session,
        by=_PLACE,
    ),
    Definition(
        code="feedback",
        name=_("出張サポートの感想"),
        name_en="Answers on what sessions were like",
        unit="件",
        area=Area.SESSIONS,
        kind=Kind.FLOW,
        words=_("期間の中に行った出張サポートのうち、団体から感想があった回の数です。1回に1件までです。"),
        rows=sessions.feedback,
        model=Session,
        by=_PLACE,
    ),
)
