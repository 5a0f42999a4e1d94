"""Desks, the districts that help reached, and the other activities that are logged."""

from django.utils.translation import gettext_lazy as _

from consult.kpi.definition import Area, Definition, Kind
from consult.kpi.dimensions import DESK_HOUR
from consult.kpi.rows import desks, places
from consult.kpi.tally import Measure
from consult.models import Activity, Consultation, Opening
from programme.models import District, Figure

_DESK = {"desk": "desk_id", "district": "desk__venue__district_id"}
_DISTRICT = {"district": "district_id"}

DESKS = (
    Definition(
        code="desk_openings",
        name=_("よろず相談所の開設"),
        name_en="Desk openings",
        unit="回",
        area=Area.DESKS,
        kind=Kind.FLOW,
        words=_("期間の中に相談所を開いた回数です。1か所を1日開くと1回です。中止した日は入りません。"),
        rows=desks.openings,
        model=Opening,
        by=_DESK,
    ),
    Definition(
        code="desk_hours",
        name=_("よろず相談所の開設時間"),
        name_en="Desk hours",
        unit="時間",
        scale=60,
        area=Area.DESKS,
        kind=Kind.FLOW,
        words=_("期間の中に相談所を開いた時間の合計です。担当の人数は掛けません。"),
        rows=desks.opening_minutes,
        model=Opening,
        by=_DESK,
    ),
    Definition(
        code="consultations",
        name=Figure.CONSULTATIONS.label,
        name_en="Desk consultations",
        unit="件",
        area=Area.DESKS,
        kind=Kind.FLOW,
        words=_("期間の中に相談所で受けた相談の数です。内容がいくつあっても1件です。取り消した記録は入りません。"),
        source="S2, S3",
        rows=desks.consultations,
        model=Consultation,
        by={
            "topic": "topic_id",
            "device": "device_id",
            "age_band": "age_band_id",
            "outcome": "outcome_id",
            "visit": "visit_id",
            DESK_HOUR: desks.DESK_HOUR_KEY,
            **_DESK,
        },
    ),
    Definition(
        code="follow_ups",
        name=_("続きが必要な相談"),
        name_en="Consultations to be followed up",
        unit="件",
        area=Area.DESKS,
        kind=Kind.FLOW,
        words=_("期間の中に相談所で受けた相談のうち、「続きが必要」と記録したものの数です。"),
        rows=desks.follow_ups,
        model=Consultation,
        by={"topic": "topic_id", **_DESK},
    ),
)

PLACES = (
    Definition(
        code="districts_reached",
        name=_("支援を行った地区"),
        name_en="Districts reached",
        unit="箇所",
        area=Area.PLACES,
        kind=Kind.FLOW,
        words=_(
            "期間の中に、出張サポート、よろず相談所、その他の活動のどれかを行った地区の数(実数)です。同じ地区は1箇所です。"
        ),
        measure=Measure.DISTINCT,
        rows=places.reached,
        model=District,
        by={"district": "pk"},
        whole_period=True,
    ),
    Definition(
        code="districts_share",
        name=_("支援を行った地区の割合(身近な場所)"),
        name_en="Share of districts reached",
        unit="%",
        scale=10,
        area=Area.PLACES,
        kind=Kind.FLOW,
        words=_("市のすべての地区のうち、期間の中に支援を行った地区の割合です。0.1%未満は切り捨てます。"),
        measure=Measure.REACH,
        rows=places.districts,
        model=District,
        whole_period=True,
    ),
)

ACTIVITIES = (
    Definition(
        code="association_tablet",
        name=Figure.ASSOCIATION_TABLET.label,
        name_en="Associations helped with their tablet",
        unit="自治会",
        area=Area.ACTIVITIES,
        kind=Kind.FLOW,
        words=_("期間の中にタブレットの支援をした自治会の数です。支援の記録1件が1自治会で、人の数ではありません。"),
        source="S2",
        rows=desks.association_tablet,
        model=Activity,
        by=_DISTRICT,
    ),
    Definition(
        code="hall_courses",
        name=Figure.HALL_COURSES.label,
        name_en="Smartphone courses at halls",
        unit="件",
        area=Area.ACTIVITIES,
        kind=Kind.FLOW,
        words=_("期間の中に公民館で開いたスマホ講座の数です。"),
        source="S2",
        rows=desks.hall_courses,
        model=Activity,
        by=_DISTRICT,
    ),
    Definition(
        code="hall_course_participants",
        name=_("公民館スマホ講座 参加者数"),
        name_en="Participants in smartphone courses at halls",
        unit="人",
        area=Area.ACTIVITIES,
        kind=Kind.FLOW,
        words=_("期間の中に公民館で開いたスマホ講座に参加した人の合計(延べ)です。"),
        rows=desks.hall_course_participants,
        model=Activity,
        by=_DISTRICT,
    ),
    Definition(
        code="prevention_courses",
        name=_("介護予防サポーター等スマホ講座"),
        name_en="Care prevention supporters' courses",
        unit="件",
        area=Area.ACTIVITIES,
        kind=Kind.FLOW,
        words=_("期間の中に開いた介護予防サポーター等のスマホ講座の数です。"),
        rows=desks.prevention_courses,
        model=Activity,
        by=_DISTRICT,
    ),
    Definition(
        code="prevention_course_participants",
        name=Figure.PREVENTION_COURSE_PARTICIPANTS.label,
        name_en="Participants in care prevention supporters' courses",
        unit="人",
        area=Area.ACTIVITIES,
        kind=Kind.FLOW,
        words=_("期間の中に開いた介護予防サポーター等のスマホ講座に参加した人の合計(延べ)です。"),
        source="S2",
        rows=desks.prevention_course_participants,
        model=Activity,
        by=_DISTRICT,
    ),
)
