"""A workbook as a city office would make it: a cover with totals against goals and charts, the months of the year, a
sheet for each area with its breakdowns, published figures with their sources, corrections and definitions.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from consult.kpi.definitions import Area
from consult.kpi.exports import area_sheet, months_sheet
from consult.kpi.exports.content import Content
from consult.kpi.exports.workbook import PERCENT, WHOLE, Book, Column, Page, Table, Value, number_in
from consult.kpi.period_reports import PeriodReport, PeriodRow
from consult.kpi.report_words import (
    kept_back_note,
    say_as_of,
    say_month_of,
    say_organisers,
    say_period,
    say_period_state,
)
from consult.kpi.words import latest, say_fiscal_year, say_kind, say_published_days
from consult.models import Correction
from programme.models import Figure, Programme, PublishedFigure
from programme.wording import say_day, say_moment

# What the cover tells beside the figures that have goals, in this order.
HEADLINES = (
    "supporters",
    "supporters_new",
    "supporters_active",
    "sessions",
    "participants",
    "groups_served",
    "requests_received",
    "waiting_median",
    "satisfaction",
    "feedback",
    "desk_openings",
    "desk_hours",
    "consultations",
    "follow_ups",
    "districts_reached",
    "association_tablet",
    "hall_courses",
    "prevention_course_participants",
    "acceptance",
    "support_hours",
)
# What the cover draws by month, as far as the period has it.
DRAWN = (Figure.CONSULTATIONS, Figure.PARTICIPANTS, Figure.SESSIONS, Figure.SUPPORTERS)


def xlsx(report: PeriodReport) -> Content:
    programme = Programme.objects.first()
    title = _("実績報告 %(period)s") % {"period": say_period(report.period)}
    footer = f"{programme or ''}  {say_day(report.made_at)}"
    book = Book(title, str(programme or ""), footer)
    cover = book.page(_("総括"), (42, 10, 12, 12, 13, 13, 11, 14, 12), portrait=True, one_page=True)
    _cover(cover, report, title, programme)
    _all_figures(book.page(_("指標一覧"), (16, 40, 9, 12, 13, 13, 12, 10, 13, 9)), report)
    one_year = len({month.fiscal_year for month in {*report.months, *report.year_months}}) == 1
    months = months_sheet.fill(book.page(_("月別"), (36, 9, *[9] * 12, 11), one_page=one_year), report)
    cover.charts(months_sheet.charts(months, report, DRAWN), columns=(1, 4))
    for area in Area:
        rows = [row for row in report.rows if row.definition.area == area]
        if rows:
            area_sheet.fill(book.page(str(area.label), area_sheet.WIDTHS, portrait=True), report, area, rows)
    _published(book.page(_("公表値"), (11, 34, 9, 11, 11, 32, 30, 30)), report)
    _corrections(book.page(_("訂正"), (26, 26, 34, 11, 11, 42, 20)), report)
    _definitions(book.page(_("定義"), (34, 32, 9, 10, 6, 14, 50, 40, 28)), report)
    return Content(book.bytes())


# --- The sheets --------------------------------------------------------------------------------------
def _cover(page: Page, report: PeriodReport, title: str, programme: Programme | None) -> None:
    page.title(title)
    page.facts(_facts(report, programme))
    with_goals = [row for row in report.rows if row.goal]
    others = [row for code in HEADLINES if (row := report.row(code)) and not row.goal]
    if with_goals:
        page.table(_totals(report, with_goals, with_area=False, title=_("目標と実績")), keep_header=True)
    page.table(_totals(report, others, with_area=False, title=_("主な数字")), keep_header=not with_goals)
    page.notes(_notes(report))


def _facts(report: PeriodReport, programme: Programme | None) -> list[tuple[str, str]]:
    facts = [
        (_("事業"), str(programme or "")),
        (_("実施"), say_organisers(programme)),
        (_("対象の期間"), say_period(report.period)),
        (_("状態"), say_period_state(report)),
        (_("締めた日時と人") if report.closing else _("集計の時点"), say_as_of(report)),
    ]
    if report.period.fiscal_year and not report.period.is_year:
        facts.insert(3, (_("年度"), say_fiscal_year(report.period.fiscal_year)))
    if report.closing:
        facts.append((_("照合用の値(SHA-256)"), report.closing.sha256))
    return facts


def _notes(report: PeriodReport) -> list[str]:
    notes = []
    if not report.has_records:
        notes.append(_("この期間の記録は、このシステムにはありません。公表値は「公表値」のシートにあります。"))
    notes += [
        _("「この期間」と「年度の累計」は、このシステムの記録から数えた値です。公表値は入っていません。"),
        _("「時点の数」は期間の最後の日の数です。「年度の累計」は4月1日からで、活動した日によって数えます。"),
        _("達成率は、0.1%未満を切り捨てています。"),
    ]
    return [*notes, kept_back_note()] if report.suppressed else notes


def _totals(report: PeriodReport, rows: list[PeriodRow], *, with_area: bool, title: str = "") -> Table:
    columns = [
        Column(_("分野")) if with_area else None,
        Column(_("指標")),
        Column(_("単位")),
        Column(_("種別")),
        Column(_("この期間"), WHOLE),
        Column(_("年度の累計"), WHOLE),
        Column(_("年度の目標"), WHOLE),
        Column(_("達成率"), PERCENT),
        Column(_("締めたときの値"), WHOLE),
        Column(_("訂正"), '#,##0"件";;""'),
    ]
    return Table([column for column in columns if column], [_total(row, with_area=with_area) for row in rows], title)


def _total(row: PeriodRow, *, with_area: bool) -> list[Value]:
    definition = row.definition
    return [
        *([str(definition.area.label)] if with_area else []),
        str(definition.name),
        definition.unit,
        say_kind(definition),
        number_in(definition, row.value),
        number_in(definition, row.year_to_date),
        row.goal.value if row.goal else None,
        row.share,
        number_in(definition, row.frozen),
        len(row.corrections),
    ]


def _all_figures(page: Page, report: PeriodReport) -> None:
    page.title(_("指標一覧 %(period)s") % {"period": say_period(report.period)})
    page.row += 1
    page.table(_totals(report, list(report.rows), with_area=True), keep_header=True)


def _published(page: Page, report: PeriodReport) -> None:
    page.title(_("公表値(出典つき)"))
    page.facts([(_("対象の期間"), say_period(report.period))])
    columns = [
        Column(_("この期間の値か")),
        Column(_("指標")),
        Column(_("値"), WHOLE),
        Column(_("単位")),
        Column(_("種別")),
        Column(_("期間・時点")),
        Column(_("出典")),
        Column(_("注")),
    ]
    rows = [_published_row(figure, _("この期間")) for figure in report.published]
    rows += [_published_row(figure, _("以前")) for figure in reversed(report.earlier)]
    page.table(Table(columns, rows), keep_header=True)
    page.notes([_("公表された数字をそのまま載せています。このシステムで数えた値とは、足したり混ぜたりしていません。")])


def _published_row(figure: PublishedFigure, when: str) -> list[Value]:
    return [
        when,
        figure.name,
        figure.value,
        figure.unit,
        str(figure.get_kind_display()),
        say_published_days(figure),
        figure.source,
        figure.note,
    ]


def _corrections(page: Page, report: PeriodReport) -> None:
    page.title(_("締めた後の訂正"))
    page.facts([(_("対象の期間"), say_period(report.period))])
    _table_of_corrections(page, report, report.corrections, _("この期間の数字についての訂正"), first=True)
    _table_of_corrections(page, report, report.corrections_made, _("この期間に行った訂正(どの月の数字でも)"))


def _table_of_corrections(
    page: Page, report: PeriodReport, corrections: Iterable[Correction], title: str, *, first: bool = False
) -> None:
    columns = [
        Column(_("日時")),
        Column(_("どの月の数字か")),
        Column(_("指標")),
        Column(_("前の値"), WHOLE),
        Column(_("新しい値"), WHOLE),
        Column(_("理由")),
        Column(_("訂正した人")),
    ]
    rows = []
    for correction in corrections:
        row = report.row(correction.figure)
        definition = row.definition if row else latest(correction.figure)
        rows.append(
            [
                say_moment(correction.at),
                say_month_of(correction),
                str(definition.name),
                number_in(definition, correction.old),
                number_in(definition, correction.new),
                correction.reason,
                str(correction.by),
            ]
        )
    page.table(Table(columns, rows, title), keep_header=first)
    if not rows:
        page.row -= 1
        page.notes([_("訂正はありません。")])


def _definitions(page: Page, report: PeriodReport) -> None:
    page.title(_("指標の定義"))
    page.facts([(_("対象の期間"), say_period(report.period))])
    columns = [
        Column(_("指標コード")),
        Column(_("指標")),
        Column(_("単位")),
        Column(_("種別")),
        Column(_("版"), "0"),
        Column(_("この版が使われる最初の日")),
        Column(_("何を数えるか")),
        Column(_("いつの数字に入れるか")),
        Column(_("出典")),
    ]
    rows: list[list[Value]] = [
        [
            row.definition.code,
            str(row.definition.name),
            row.definition.unit,
            say_kind(row.definition),
            row.definition.version,
            str(row.definition.since),
            str(row.definition.words),
            str(row.definition.cutoff),
            row.definition.source,
        ]
        for row in report.rows
    ]
    page.table(Table(columns, rows), keep_header=True)
