"""Who helps: registered people, and what they gave."""

from django.utils.translation import gettext_lazy as _

from consult.kpi.definition import AT_MONTH_END, BY_EVENT, Area, Definition, Kind
from consult.kpi.rows import duties, supporters
from consult.kpi.rows.base import age_band, coming_of_age
from consult.kpi.tally import Measure
from programme.models import Figure
from supporters.models import Assignment, AssignmentMove, Registration

_BORN = "supporter__birth_date"

_PEOPLE = {
    "category": "supporter__category_id",
    "age_band": age_band(_BORN),
    "adult": coming_of_age(_BORN),
    "district": "supporter__home_district_id",
    "skill": "supporter__skills__topic_id",
}

_DUTIES = {
    "category": "supporter__category_id",
    "age_band": age_band(_BORN),
    "adult": coming_of_age(_BORN),
    "district": "shift__venue__district_id",
    "purpose": "shift__purpose",
}

SUPPORTERS = (
    Definition(
        code="supporters",
        name=Figure.SUPPORTERS.label,
        name_en="Registered supporters",
        unit="人",
        area=Area.SUPPORTERS,
        kind=Kind.STOCK,
        words=_("期間の最後の日の終わりに登録している人の数です。休止中の人も入ります。退会した日からは入りません。"),
        cutoff=AT_MONTH_END,
        source="S2, S4",
        rows=supporters.registered,
        model=Registration,
        by=_PEOPLE,
    ),
    Definition(
        code="supporters_new",
        name=Figure.SUPPORTERS_NEW.label,
        name_en="Newly registered supporters",
        unit="人",
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_("初めての登録が期間の中で始まった人の数です。一人は一度だけ数え、再登録は入りません。"),
        cutoff=BY_EVENT,
        source="S3",
        rows=supporters.newly_registered,
        model=Registration,
        by=_PEOPLE,
    ),
    Definition(
        code="supporters_returned",
        name=_("再登録サポーター数"),
        name_en="Supporters who came back",
        unit="人",
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_("前に退会した人の、期間の中での再登録の数です。退会した日のうちに戻った場合は数えません。"),
        cutoff=BY_EVENT,
        rows=supporters.returned,
        model=Registration,
        by=_PEOPLE,
    ),
    Definition(
        code="supporters_withdrawn",
        name=Figure.SUPPORTERS_WITHDRAWN.label,
        name_en="Supporters who left",
        unit="人",
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_("期間の中での退会の数です。退会した日のうちに戻った場合は数えません。"),
        cutoff=BY_EVENT,
        rows=supporters.withdrawn,
        model=Registration,
        by=_PEOPLE,
    ),
    Definition(
        code="supporters_active",
        name=_("実際に活動したサポーター数"),
        name_en="Active supporters",
        unit="人",
        area=Area.SUPPORTERS,
        kind=Kind.STOCK,
        words=_("登録サポーターのうち、期間の最後の日までの12か月に一度でも活動した人の数です。"),
        cutoff=AT_MONTH_END,
        rows=supporters.active,
        model=Registration,
        by=_PEOPLE,
    ),
)

DUTIES = (
    Definition(
        code="acceptance",
        name=_("依頼を引き受けた割合"),
        name_en="Offers accepted",
        unit="%",
        scale=10,
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_("期間の中に返事があった依頼と、返事がないまま期限が過ぎた依頼のうち、引き受けた依頼の割合です。"),
        cutoff=BY_EVENT,
        measure=Measure.SHARE,
        rows=duties.answers,
        model=AssignmentMove,
        by={"category": "subject__supporter__category_id", "purpose": "subject__shift__purpose"},
    ),
    Definition(
        code="stand_ins",
        name=_("代わりの人を探した割合"),
        name_en="Duties for which a stand-in was wanted",
        unit="%",
        scale=10,
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_(
            "引き受けた担当のうち、あとで「行けない」となり代わりの人を探した担当の割合です。見つかったかどうかは問いません。"
        ),
        measure=Measure.SHARE,
        rows=duties.stand_ins,
        model=Assignment,
        by={"category": _DUTIES["category"], "purpose": _DUTIES["purpose"]},
    ),
    Definition(
        code="support_hours",
        name=_("サポーターの活動時間"),
        name_en="Supporters' hours",
        unit="時間",
        scale=60,
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_("サポーターが活動した時間の合計です。1回は予定の開始から終了までとし、欠席と中止は入りません。"),
        rows=duties.minutes,
        model=Assignment,
        by=_DUTIES,
    ),
    Definition(
        code="honoraria",
        name=_("謝礼の額"),
        name_en="Honoraria",
        unit="円",
        area=Area.SUPPORTERS,
        kind=Kind.FLOW,
        words=_(
            "活動時間に応じた謝礼の合計です(事業で決めた額から計算し、1回ごとに1円未満を切り捨て)。明細を作った活動は、明細の額です。謝礼の対象でない人は0円です。"
        ),
        source="2025年1月の報道(2時間で1,000円)",
        rows=duties.yen,
        model=Assignment,
        by={"category": _DUTIES["category"], "purpose": _DUTIES["purpose"]},
    ),
)
